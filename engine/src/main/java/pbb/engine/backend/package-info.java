/** The interface between graphs and what executes them: provider, backend, executable. */
@NullMarked
package pbb.engine.backend;

import org.jspecify.annotations.NullMarked;
