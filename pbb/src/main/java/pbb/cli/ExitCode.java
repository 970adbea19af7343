package pbb.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.ReadOnlyFileSystemException;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import pbb.engine.backend.BackendUnavailableException;
import pbb.engine.io.InvalidFileException;
import pbb.engine.train.TrainingDivergedException;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;
import pbb.suite.LeakException;

/** What {@code pbb} exits with, and how a failure becomes that and one sentence. */
enum ExitCode {
  /** All is well. */
  FINE(0),
  /** A job failed: a full disk, a diverging loss, a fault of the program. */
  FAILED(1),
  /**
   * Usage or input: an unknown option, a file that is not as it should be, a run directory that
   * cannot be used.
   */
  USAGE(2),
  /** The backend that was asked for cannot be used. */
  NO_BACKEND(3),
  /** Interrupted, with the state saved. */
  INTERRUPTED(130);

  private final int code;

  ExitCode(int code) {
    this.code = code;
  }

  /** The number. */
  int code() {
    return code;
  }

  /** What a failure amounts to. */
  static ExitCode of(Throwable failure) {
    return switch (failure) {
      case UncheckedIOException e -> of(Objects.requireNonNull(e.getCause()));
      case BackendUnavailableException _ -> NO_BACKEND;
      case TrainingDivergedException _ -> FAILED;
      case StopRequestedException _ -> INTERRUPTED;
      case InvalidFileException _ -> USAGE;
      case UsageException _ -> USAGE;
      case IOException e when isUsage(e) || isUsage(e.getCause()) -> USAGE;
      case ReadOnlyFileSystemException _ -> USAGE;
      default -> FAILED;
    };
  }

  /** Whether a place was named that is not there, or cannot be read or written. */
  private static boolean isUsage(@Nullable Throwable failure) {
    return switch (failure) {
      case AccessDeniedException _ -> true;
      case NoSuchFileException _ -> true;
      case FileAlreadyExistsException _ -> true;
      case NotDirectoryException _ -> true;
      case FileSystemException e ->
          String.valueOf(e.getReason()).toLowerCase(Locale.ROOT).contains("read-only file system");
      case null, default -> false;
    };
  }

  /** A failure in one sentence. */
  static String sentence(Throwable failure) {
    return switch (failure) {
      case UncheckedIOException e -> sentence(Objects.requireNonNull(e.getCause()));
      case AccessDeniedException e ->
          e.getFile() + " cannot be read or written: check its permissions, or name another place";
      case NoSuchFileException e -> e.getFile() + " does not exist: check the name";
      case NotDirectoryException e -> e.getFile() + " is no folder: name one";
      case ReadOnlyFileSystemException _ ->
          "the file system is read-only: name another place with --out";
      case IOException e -> message(e);
      case UsageException e -> message(e);
      case StopRequestedException _ -> "interrupted, and nothing was written: begin again";
      case BackendUnavailableException e -> message(e);
      case TrainingDivergedException e -> message(e);
      case LeakException e -> message(e);
      case OutOfMemoryError _ ->
          "the Java heap is full: give it more with PBB_JAVA_OPTIONS=-Xmx4g, or make the job"
              + " smaller";
      // Whatever users give is checked where it is read, and refused by one of the types above.
      default ->
          "this is a fault of pbb and not of what you gave it: "
              + failure.toString().lines().findFirst().orElse("")
              + "; --verbose shows where, please report it";
    };
  }

  private static String message(Throwable failure) {
    String message = failure.getMessage();
    return message == null ? failure.toString() : message;
  }
}
