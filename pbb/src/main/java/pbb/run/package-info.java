/**
 * What every run shares, of one model or of a whole suite: its dials, its folder, training with
 * checkpoints and metrics, answering queries, results.
 */
@NullMarked
package pbb.run;

import org.jspecify.annotations.NullMarked;
