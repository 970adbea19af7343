package pbb.bench;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalDouble;

/** What the operating system knows of this process; the peers ask it the same. */
final class ThisProcess {

  /** {@code starttime} of proc(5) among the fields after the program's name. */
  private static final int START_TIME = 19;

  private static final double TICKS_PER_SECOND = 100;

  private ThisProcess() {}

  /** Seconds since it began; Linux counts them in hundredths, and elsewhere the JVM began it. */
  static double startedSeconds() {
    try {
      String stat = Files.readString(Path.of("/proc/self/stat"));
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
      double uptime = Double.parseDouble(Files.readString(Path.of("/proc/uptime")).split(" ")[0]);
      return uptime - Long.parseLong(fields[START_TIME]) / TICKS_PER_SECOND;
    } catch (IOException _) {
      return ManagementFactory.getRuntimeMXBean().getUptime() / 1e3;
    }
  }

  /** The most memory that was resident so far, in MiB, where the system says it as Linux does. */
  static OptionalDouble peakMegabytes() {
    try {
      return Files.readAllLines(Path.of("/proc/self/status")).stream()
          .filter(line -> line.startsWith("VmHWM:"))
          .mapToDouble(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) / 1024.0)
          .findFirst();
    } catch (IOException _) {
      return OptionalDouble.empty();
    }
  }
}
