package pbb.cli;

import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code pbb doctor}. */
@Command(
    name = "doctor",
    description =
        "Says what this machine has to compute with, and of each backend and device whether it"
            + " works, or why not and what to do.",
    sortOptions = false)
final class DoctorCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin CommonOptions common; // What it does not use, Main does.
  @Mixin private ComputeOptions compute;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    boolean works = new Doctor(compute).examine(out);
    out.flush();
    return works ? ExitCode.FINE.code() : ExitCode.NO_BACKEND.code();
  }
}
