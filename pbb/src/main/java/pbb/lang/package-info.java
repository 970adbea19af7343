/**
 * The program language, a Python subset: syntax tree, parser, interpreter with limits and a trace,
 * and one renderer per language over the same tree ({@link pbb.lang.PythonRenderer} for Python).
 */
@NullMarked
package pbb.lang;

import org.jspecify.annotations.NullMarked;
