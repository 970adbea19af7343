/**
 * Texts made of programs and inputs: pointer contexts, training documents with their loss, prompts,
 * JSONL files.
 */
@NullMarked
package pbb.document;

import org.jspecify.annotations.NullMarked;
