/**
 * From the results of runs to a page that a researcher reads: tables, plots, verdicts and where
 * they come from.
 */
@NullMarked
package pbb.report;

import org.jspecify.annotations.NullMarked;
