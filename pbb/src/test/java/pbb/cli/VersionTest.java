package pbb.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

class VersionTest {

  @Test
  void theBuildFillsInVersionAndRevision() {
    Version version = Version.current();
    assertTrue(version.version().matches("\\d+\\.\\d+\\.\\d+.*"), version.version());
    assertTrue(version.revision().matches("[^\\s${]+"), version.revision());
  }

  @Test
  void versionOptionPrintsIt() {
    StringWriter out = new StringWriter();
    CommandLine commandLine =
        Main.commandLine(new Interruption(System.err)).setOut(new PrintWriter(out));
    assertEquals(0, commandLine.execute("--version"));
    assertTrue(out.toString().startsWith(Version.current().toString()), out.toString());
  }

  @Test
  void withoutACommandItSaysSoAndExitsWith2() {
    StringWriter err = new StringWriter();
    CommandLine commandLine =
        Main.commandLine(new Interruption(System.err)).setErr(new PrintWriter(err));
    assertEquals(2, commandLine.execute());
    assertTrue(err.toString().startsWith("pbb: name a command"), err.toString());
  }
}
