/** Where programs and their inputs come from, and the split that keeps the evaluation honest. */
@NullMarked
package pbb.task;

import org.jspecify.annotations.NullMarked;
