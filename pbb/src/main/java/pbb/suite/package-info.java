/**
 * Experiments as cells, run one after the other in a directory that survives being stopped: data,
 * training, evaluation, and the verdicts on claims.
 */
@NullMarked
package pbb.suite;

import org.jspecify.annotations.NullMarked;
