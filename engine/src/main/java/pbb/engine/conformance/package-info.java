/**
 * What every backend must do: the op table, the model, and the interface, as checks that any
 * backend can be handed to.
 */
@NullMarked
package pbb.engine.conformance;

import org.jspecify.annotations.NullMarked;
