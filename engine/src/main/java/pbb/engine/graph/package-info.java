/**
 * What is computed: tensors without storage, ops with shape and gradient rules, graphs, programs
 * and memory plans.
 */
@NullMarked
package pbb.engine.graph;

import org.jspecify.annotations.NullMarked;
