/** Program source from disk: found, split by file, and cut into token shards. */
@NullMarked
package pbb.corpus;

import org.jspecify.annotations.NullMarked;
