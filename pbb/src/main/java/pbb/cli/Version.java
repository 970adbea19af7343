package pbb.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Properties;
import pbb.engine.backend.DeviceStatus;
import pbb.run.Environment;
import picocli.CommandLine.IVersionProvider;

/**
 * What was built: the project's version and the git revision of its sources.
 *
 * @param version as in {@code pom.xml}
 * @param revision abbreviated commit, with {@code -dirty} where files differed from it; {@code
 *     unknown} where the sources were built outside a git repository
 */
public record Version(String version, String revision) {

  private static final String RESOURCE = "version.properties";

  /**
   * The running program's version. The launcher knows the revision at start ({@code
   * -Dpbb.revision}); without it, the build's counts.
   */
  public static Version current() {
    Properties built = new Properties();
    try (InputStream in = Version.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException(RESOURCE + " is not in the pbb jar: build it again");
      }
      built.load(in);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot read " + RESOURCE + " from the pbb jar", e);
    }
    String revision = System.getProperty("pbb.revision", built.getProperty("revision", ""));
    boolean known = !revision.isEmpty() && !revision.startsWith("${");
    return new Version(built.getProperty("version", "unknown"), known ? revision : "unknown");
  }

  /** Where a run of this version is computed: this process, on this device. */
  Environment environment(DeviceStatus device, int threads) {
    return Environment.current(version, revision, device, threads);
  }

  @Override
  public String toString() {
    return "pbb " + version + " (" + revision + ")";
  }

  /** Prints the version, and the Java that runs it, for {@code --version}. */
  static final class Provider implements IVersionProvider {
    @Override
    public String[] getVersion() {
      return new String[] {
        current().toString(), "Java " + Runtime.version() + ", " + System.getProperty("os.arch")
      };
    }
  }
}
