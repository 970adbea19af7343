/** Random numbers that are a pure function of seed, stream and step. */
@NullMarked
package pbb.engine.random;

import org.jspecify.annotations.NullMarked;
