package pbb.engine.io;

import java.io.IOException;
import java.io.Serial;
import java.nio.file.Path;

/**
 * A file that could be read but whose content cannot be used. The message is one sentence that
 * begins with the file and says what is wrong and what to do: bad input, as against a disk that
 * fails.
 */
public final class InvalidFileException extends IOException {

  @Serial private static final long serialVersionUID = 1L;

  /**
   * @param file the file that is at fault
   * @param problem what is wrong with it and what to do, without a full stop: {@code "is truncated:
   *     …"}
   */
  public InvalidFileException(Path file, String problem) {
    super(file + " " + problem + ".");
  }
}
