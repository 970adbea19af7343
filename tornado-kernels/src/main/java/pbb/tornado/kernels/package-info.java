/**
 * The kernels as TornadoVM compiles them: static methods on one work-item, by topic.
 *
 * <p>Every kernel has the same five arguments. All floats of a program lie in one array, all of its
 * integers in a second, and what a launch works on is data too, so that a kernel is compiled once
 * and serves every op, layer and program:
 *
 * <ul>
 *   <li>{@code f}: floats;
 *   <li>{@code q}: integers, such as token ids;
 *   <li>{@code d}: descriptors. That of one op holds, for each operand, where it starts and how far
 *       it is from one layer's slice to the next, and then what the kernel's Javadoc lists;
 *   <li>{@code step}: the layer that is run, and where in {@code d} the launch's list of
 *       descriptors starts. Ops that do not depend on each other share a launch: the third
 *       dimension of the grid counts them.
 * </ul>
 *
 * <p>What TornadoVM makes of Java decides the style. Scalar arguments and constant bounds would be
 * folded into the code, which is then compiled anew for each, and constant loops are unrolled in
 * full: hence bounds come from {@code d}. Barriers stand outside of conditions: a group without
 * work runs its loops zero times instead. A reduction is a tree in local memory, of a shape that
 * depends on the data's shape only, and nothing is atomic: the same bits come out of every run.
 * Each kernel writes its trees out: an array in local memory must not be handed to a method, which
 * would index it by bytes as if they were floats, without an error.
 */
@NullMarked
package pbb.tornado.kernels;

import org.jspecify.annotations.NullMarked;
