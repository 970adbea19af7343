package pbb.cli;

import java.io.PrintStream;
import java.util.Locale;
import pbb.job.Reporter;

/**
 * Progress on standard error: on a terminal a bar that is drawn over itself, in a pipe a line every
 * few seconds, or nothing.
 */
final class Display implements Reporter {

  /** How progress is shown. */
  enum Style {
    /** Not at all. */
    QUIET,
    /** As a line every few seconds. */
    LINES,
    /** As a bar on one line. */
    BAR
  }

  private static final long LINE_EVERY_NANOS = 5_000_000_000L;
  private static final long BAR_EVERY_NANOS = 100_000_000L;
  private static final int BAR_WIDTH = 24;

  private final Style style;
  private final PrintStream out;
  private String lastWhat = "";
  private long lastShown;
  private int lastLength;

  Display(Style style, PrintStream out) {
    this.style = style;
    this.out = out;
  }

  /** The display for this process: the launcher says whether standard error is a terminal. */
  static Display of(boolean quiet) {
    Style style =
        quiet ? Style.QUIET : System.getenv("PBB_TERMINAL") == null ? Style.LINES : Style.BAR;
    return new Display(style, System.err);
  }

  /** {@inheritDoc} Shown unless something was shown a moment ago. */
  @Override
  public synchronized void progress(String what, long done, long total, String details) {
    long now = System.nanoTime();
    long every = style == Style.BAR ? BAR_EVERY_NANOS : LINE_EVERY_NANOS;
    boolean due = !what.equals(lastWhat) || done >= total || now - lastShown >= every;
    if (style == Style.QUIET || !due) {
      return;
    }
    lastWhat = what;
    lastShown = now;
    // Locale.ROOT: a comma for a point would make lines that no program reads.
    String counts = String.format(Locale.ROOT, "%d/%d", done, total);
    if (style == Style.BAR) {
      int filled = total == 0 ? BAR_WIDTH : (int) (BAR_WIDTH * done / total);
      redraw(
          what
              + " ["
              + "#".repeat(filled)
              + ".".repeat(BAR_WIDTH - filled)
              + "] "
              + counts
              + " "
              + details);
      if (done >= total) {
        endLine();
      }
    } else {
      out.println(what + " " + counts + " " + details);
    }
  }

  @Override
  public synchronized void say(String sentence) {
    if (style != Style.QUIET) {
      endLine();
      out.println(sentence);
    }
  }

  /** The last word on how a job ended, said even where progress is not shown. */
  synchronized void conclude(String sentence) {
    endLine();
    out.println("pbb: " + sentence);
  }

  private void redraw(String line) {
    out.print("\r" + line + " ".repeat(Math.max(0, lastLength - line.length())));
    out.flush();
    lastLength = line.length();
  }

  private void endLine() {
    if (lastLength > 0) {
      out.println();
      lastLength = 0;
    }
  }
}
