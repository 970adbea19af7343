/** Jobs on one model: write its data, train it, ask it, let it continue a text. */
@NullMarked
package pbb.job;

import org.jspecify.annotations.NullMarked;
