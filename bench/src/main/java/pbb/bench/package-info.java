/**
 * What this machine can do, and how much of it the engine gets: JMH benchmarks and the comparison
 * with peers.
 */
@NullMarked
package pbb.bench;

import org.jspecify.annotations.NullMarked;
