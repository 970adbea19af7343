/**
 * Files that can be trusted: JSON whose complaints name file and field, and writes that happen
 * whole or not at all.
 */
@NullMarked
package pbb.engine.io;

import org.jspecify.annotations.NullMarked;
