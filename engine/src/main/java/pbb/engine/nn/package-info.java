/** The model: its configuration, its forward graph, and how its weights begin. */
@NullMarked
package pbb.engine.nn;

import org.jspecify.annotations.NullMarked;
