/**
 * Queries, what is right in their answers, and accuracies with their intervals and chance levels.
 */
@NullMarked
package pbb.eval;

import org.jspecify.annotations.NullMarked;
