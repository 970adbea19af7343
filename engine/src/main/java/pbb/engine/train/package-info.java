/**
 * Training: steps of forward, backward and AdamW, learning-rate schedules, validation, exact
 * resume.
 */
@NullMarked
package pbb.engine.train;

import org.jspecify.annotations.NullMarked;
