/** Finds the backends that are there, and chooses the one that runs. */
@NullMarked
package pbb.engine.selection;

import org.jspecify.annotations.NullMarked;
