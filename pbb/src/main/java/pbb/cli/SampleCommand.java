package pbb.cli;

import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import pbb.job.Sample;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code pbb sample}. */
@Command(name = "sample", description = "Lets a model continue a text.", sortOptions = false)
final class SampleCommand implements Callable<Integer> {

  @Spec private CommandSpec spec;
  @Mixin private CommonOptions common;
  @Mixin private ComputeOptions compute;

  @Option(
      names = "--checkpoint",
      required = true,
      paramLabel = "DIR",
      description =
          "The model: a checkpoint, or a run directory of train, whose newest one is taken.")
  private Path checkpoint;

  @Option(
      names = "--prompt",
      required = true,
      paramLabel = "TEXT",
      description = "The text to continue.")
  private String prompt;

  @Option(
      names = "--max-new-tokens",
      paramLabel = "N",
      description =
          "How many tokens may follow (default: 128, or as many as the model has room for).")
  private @Nullable Integer maxNewTokens;

  @Option(
      names = "--temperature",
      paramLabel = "X",
      defaultValue = "0",
      description = "Above 0 tokens are drawn; at 0 the most likely one is taken (default: 0).")
  private double temperature;

  @Option(
      names = "--top-k",
      paramLabel = "N",
      description = "Draws among the N most likely tokens.")
  private @Nullable Integer topK;

  @Option(
      names = "--top-p",
      paramLabel = "X",
      description = "Draws among the most likely tokens that reach this probability.")
  private @Nullable Double topP;

  @Override
  public Integer call() throws IOException {
    Sample sample =
        Sample.of(checkpoint, prompt, maxNewTokens, temperature, topK, topP, compute.seed);
    try (var backend = Opened.backend(compute, common.display())) {
      spec.commandLine().getOut().println(sample.run(backend.backend()));
      spec.commandLine().getOut().flush();
    }
    return ExitCode.FINE.code();
  }
}
