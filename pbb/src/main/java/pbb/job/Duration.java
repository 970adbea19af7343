package pbb.job;

import java.util.Locale;

/** Seconds as people say them. */
public final class Duration {

  private Duration() {}

  /** {@code 42s}, {@code 3m05s}, {@code 2h07m}. */
  public static String text(double seconds) {
    long whole = Math.round(seconds);
    if (whole < 60) {
      return whole + "s";
    }
    return whole < 3600
        ? String.format(Locale.ROOT, "%dm%02ds", whole / 60, whole % 60)
        : String.format(Locale.ROOT, "%dh%02dm", whole / 3600, whole / 60 % 60);
  }
}
