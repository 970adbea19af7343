/** Generation: batched decoding with a key-value cache, greedy or at random. */
@NullMarked
package pbb.engine.generate;

import org.jspecify.annotations.NullMarked;
