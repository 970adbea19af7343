/**
 * A model on disk, in the files that Hugging Face {@code transformers} reads, with what training
 * needs to go on beside them.
 */
@NullMarked
package pbb.engine.checkpoint;

import org.jspecify.annotations.NullMarked;
