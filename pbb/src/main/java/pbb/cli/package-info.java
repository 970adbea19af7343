/** The command line: picocli commands that parse options and call the packages that do the work. */
@NullMarked
package pbb.cli;

import org.jspecify.annotations.NullMarked;
