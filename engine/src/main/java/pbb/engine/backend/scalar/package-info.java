/**
 * The definition of every op: plain loops over doubles, one file a family of ops, slow and obvious.
 */
@NullMarked
package pbb.engine.backend.scalar;

import org.jspecify.annotations.NullMarked;
