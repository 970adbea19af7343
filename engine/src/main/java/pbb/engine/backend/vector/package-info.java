/** The backend that computes on the processor with the Vector API: what users without a GPU run. */
@NullMarked
package pbb.engine.backend.vector;

import org.jspecify.annotations.NullMarked;
