/**
 * What backends on the host's processor share: storage, and walking a program's sections kernel by
 * kernel.
 */
@NullMarked
package pbb.engine.backend.host;

import org.jspecify.annotations.NullMarked;
