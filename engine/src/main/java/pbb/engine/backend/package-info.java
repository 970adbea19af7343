/**
 * The interface between graphs and what executes them: provider, backend, executable.
 *
 * <h2>Several devices</h2>
 *
 * <p>Training is on one device. Data parallelism over N of them ({@code --devices
 * opencl:0,opencl:1}) is designed to be the following, and is not built:
 *
 * <ul>
 *   <li>Each device has a backend and an executable of its own, compiled from the same training
 *       program, with its own copy of weights, moments and gradients. A trainer for N executables
 *       stands in the place of the one for one; op, graph and kernel code does not change.
 *   <li>A step cuts the batch by rows into N shards of equal size. Device i runs {@code first} on
 *       shard i, all at the same time, a thread of the host each. Target weights are divided by the
 *       sum over the whole batch, as they are now over the accumulated ones, so that gradients and
 *       losses of shards are parts of a sum and not means of their own.
 *   <li>Gradients are summed over the devices, and every device runs {@code update} on the same sum
 *       and the same schedule. Clipping sees the norm of the sum, as it must; weights stay equal
 *       everywhere to the last bit and are never sent.
 *   <li>What the interface needs for it is one method: {@code Executable.sum(tensors, others)},
 *       which replaces the named tensors of all executables by their sum. By default it is {@link
 *       pbb.engine.backend.Executable#read} of each, a sum on the host and {@link
 *       pbb.engine.backend.Executable#write}, which is right on any backends, mixed ones too, and
 *       moves 8 bytes a parameter and device; a backend whose devices can copy to each other
 *       overrides it with a ring. Gradients would have to be persistent tensors that may be read
 *       and written, which they are.
 *   <li>Backward sections end layer by layer, from the last to the first: with a method that runs a
 *       graph section by section, a layer's sum would overlap with the backward pass of the one
 *       before. That is an optimisation, and changes no number.
 *   <li>Sums are taken in the order of the devices' numbers, whichever is done first, and a ring
 *       adds in that order too: one seed, one list of devices, the same bytes. Another N adds in
 *       another order, so that N belongs to what a run's bytes depend on, like the device, and
 *       stands in {@code run.json}; a run may be resumed with another N within tolerances only.
 *   <li>Checkpoints and validation are the first device's. A device that fails ends the training
 *       with the checkpoint that there is: no step is finished with fewer.
 * </ul>
 */
@NullMarked
package pbb.engine.backend;

import org.jspecify.annotations.NullMarked;
