/**
 * Text to token ids and back without loss: word-level and byte tokenizers that Hugging Face {@code
 * transformers} reads.
 */
@NullMarked
package pbb.engine.tokenizer;

import org.jspecify.annotations.NullMarked;
