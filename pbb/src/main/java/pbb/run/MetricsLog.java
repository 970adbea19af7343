package pbb.run;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import pbb.engine.io.AtomicFiles;
import pbb.engine.io.InvalidFileException;
import pbb.engine.io.JsonObject;
import pbb.engine.io.JsonText;
import pbb.engine.train.StepReport;

/**
 * {@code metrics.jsonl}: a line for every step of a training. The fields {@code seconds} and {@code
 * tokensPerSecond}, the last two, are the only ones that differ between two runs of one seed.
 */
final class MetricsLog implements AutoCloseable {

  private static final int BUFFER = 1 << 16;

  private final Path file;
  private final FileChannel channel;
  private final ByteArrayOutputStream pending = new ByteArrayOutputStream();
  private final double secondsBefore;
  private long tokens;

  private MetricsLog(Path file, FileChannel channel, double secondsBefore, long tokens) {
    this.file = file;
    this.channel = channel;
    this.secondsBefore = secondsBefore;
    this.tokens = tokens;
  }

  /**
   * Opens the log of a training that goes on after {@code steps} steps, and cuts off what an
   * earlier start wrote of later ones.
   *
   * @throws InvalidFileException if it lacks one of those steps
   */
  static MetricsLog open(Path file, long steps) throws IOException {
    try {
      Files.createDirectories(file.toAbsolutePath().getParent());
      FileChannel channel =
          FileChannel.open(
              file, StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE);
      try {
        byte[] bytes = steps == 0 ? new byte[0] : Files.readAllBytes(file);
        int end = 0;
        int lastStart = 0;
        for (long step = 1; step <= steps; step++) {
          lastStart = end;
          while (end < bytes.length && bytes[end] != '\n') {
            end++;
          }
          if (end == bytes.length) {
            throw new InvalidFileException(
                file,
                "ends before step "
                    + step
                    + ", though there is a checkpoint of step "
                    + steps
                    + ": it was changed after it was written; begin a new run");
          }
          end++;
        }
        double seconds = 0;
        long tokens = 0;
        if (steps > 0) {
          JsonObject last = JsonObject.parse(file, Arrays.copyOfRange(bytes, lastStart, end));
          last.integer("step", steps, steps);
          seconds = last.number("seconds");
          tokens = last.integer("tokens", 0L, Long.MAX_VALUE);
        }
        channel.truncate(end);
        channel.position(end);
        return new MetricsLog(file, channel, seconds, tokens);
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (InvalidFileException e) {
      throw e;
    } catch (IOException e) {
      throw AtomicFiles.explain(file, e);
    }
  }

  /** How long the steps took that are in the log from earlier starts. */
  double secondsBefore() {
    return secondsBefore;
  }

  /**
   * Adds a step.
   *
   * @param seconds since this start of the training
   * @param tokensPerSecond the pace
   */
  void add(StepReport report, double seconds, double tokensPerSecond) throws IOException {
    tokens += report.tokens();
    Map<String, Object> line = new LinkedHashMap<>();
    line.put("step", report.step());
    line.put("loss", report.loss());
    line.put("gradientNorm", report.gradientNorm());
    line.put("learningRate", report.learningRate());
    line.put("tokens", tokens);
    line.put("targets", report.targets());
    line.put("seconds", rounded(secondsBefore + seconds));
    line.put("tokensPerSecond", rounded(tokensPerSecond));
    pending.writeBytes((JsonText.compact(line) + "\n").getBytes(StandardCharsets.UTF_8));
    if (pending.size() > BUFFER) {
      write();
    }
  }

  private static double rounded(double value) {
    return Math.round(value * 1000) / 1000.0;
  }

  private void write() throws IOException {
    try {
      ByteBuffer bytes = ByteBuffer.wrap(pending.toByteArray());
      while (bytes.hasRemaining()) {
        channel.write(bytes);
      }
      pending.reset();
    } catch (IOException e) {
      throw AtomicFiles.explain(file, e);
    }
  }

  /** Puts all steps on disk: to be called before a checkpoint that counts on them. */
  void sync() throws IOException {
    write();
    channel.force(true);
  }

  @Override
  public void close() throws IOException {
    try (channel) {
      write();
    }
  }
}
