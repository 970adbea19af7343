/**
 * A backend that runs programs on a device through TornadoVM: weights, moments, gradients and
 * activations stay there, tokens go in and a loss comes out.
 */
@NullMarked
package pbb.tornado;

import org.jspecify.annotations.NullMarked;
