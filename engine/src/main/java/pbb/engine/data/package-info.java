/** Documents with a weight for each target token, packed into batches; token shards on disk. */
@NullMarked
package pbb.engine.data;

import org.jspecify.annotations.NullMarked;
