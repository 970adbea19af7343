/** Programming by Backprop: programs, tasks, curricula, suite, report and the command line. */
module pbb {
  requires com.fasterxml.jackson.databind;
  requires com.fasterxml.jackson.dataformat.toml;
  requires info.picocli;
  requires pbb.engine;
  requires static org.jspecify;

  opens pbb.cli to
      info.picocli;
}
