package pbb.job;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import pbb.document.DataFiles;
import pbb.engine.backend.Backend;
import pbb.engine.checkpoint.Model;
import pbb.engine.nn.ModelConfig;
import pbb.eval.Chance;
import pbb.eval.Queries;
import pbb.eval.Query;
import pbb.eval.Row;
import pbb.eval.Scoring;
import pbb.eval.Scoring.Answered;
import pbb.eval.TrainingAnswers;
import pbb.run.Evaluator;
import pbb.run.Results;
import pbb.run.RunFolder;
import pbb.run.StopRequestedException;
import pbb.run.UsageException;
import pbb.task.TaskData;

/**
 * Asks a model what a task's data ask, and scores the answers: {@code samples.jsonl} and {@code
 * results.json} in a run's folder.
 */
public final class EvaluationJob {

  private static final int BATCH_SIZE = 128;

  private final Plan plan;
  private final Model model;
  private final TaskData data;
  private final List<Query> queries;

  /**
   * What an evaluation computes, as {@code run.json} has it.
   *
   * @param checkpoint a checkpoint, or a training's run directory, whose newest one is taken
   * @param data a folder with programs and executions
   * @param inputsPerProgram on how many of its evaluation inputs a program is asked, at most, in
   *     each mode and kind; directly, one without executions is asked on all of them
   * @param seed decides which pointer context a query has
   */
  public record Plan(Path checkpoint, Path data, int inputsPerProgram, long seed) {

    /** Checks the number. */
    public Plan {
      if (inputsPerProgram < 1) {
        throw new UsageException(
            "--inputs-per-program must be at least 1, not " + inputsPerProgram);
      }
    }

    /** The plan as {@code run.json} has it. */
    public Map<String, Object> json(String backend, String device) {
      Map<String, Object> json = new LinkedHashMap<>();
      json.put("schema", 1);
      json.put("job", "eval");
      json.put("checkpoint", checkpoint.toAbsolutePath().normalize().toString());
      json.put("data", data.toAbsolutePath().normalize().toString());
      json.put("inputsPerProgram", inputsPerProgram);
      json.put("seed", seed);
      json.put("backend", backend);
      json.put("device", device);
      return json;
    }
  }

  private EvaluationJob(Plan plan, Model model, TaskData data, List<Query> queries) {
    this.plan = plan;
    this.model = model;
    this.data = data;
    this.queries = queries;
  }

  /**
   * Reads model and data, and checks that they go together.
   *
   * @throws UsageException if the data hold a word that the model's tokenizer lacks, or ask for
   *     more tokens than the model takes
   */
  public static EvaluationJob of(Plan plan) throws IOException {
    if (!TaskFolder.holds(plan.data)) {
      throw new UsageException(
          "--data "
              + plan.data
              + " has no "
              + DataFiles.PROGRAMS
              + ": name a folder that generate wrote");
    }
    TaskData data = TaskFolder.programs(plan.data);
    Model model = Model.of(CheckpointFolder.open(plan.checkpoint));
    List<Query> queries = new Queries(data, plan.seed, plan.inputsPerProgram).all();
    if (queries.isEmpty()) {
      throw new UsageException(
          "--data " + plan.data + " has no execution with split eval: there is nothing to ask");
    }
    ModelConfig config = model.config();
    int longest;
    try {
      longest = Evaluator.longestSequence(model.tokenizer(), queries);
    } catch (IllegalArgumentException e) { // A word that the tokenizer lacks.
      throw new UsageException(
          "--data "
              + plan.data
              + " and --checkpoint "
              + plan.checkpoint
              + " do not go together: "
              + e.getMessage(),
          e);
    }
    if (longest > config.maxPositionEmbeddings()) {
      throw new UsageException(
          "--data "
              + plan.data
              + " asks for sequences of "
              + longest
              + " tokens, and the model takes "
              + config.maxPositionEmbeddings()
              + ": name a model that was trained on these data");
    }
    return new EvaluationJob(plan, model, data, queries);
  }

  /**
   * Asks, scores and writes.
   *
   * @param stop asked after every answer
   * @return a table of the figures
   * @throws StopRequestedException if a stop was requested; no figure was written then
   * @throws IOException in one sentence, if a file cannot be written
   */
  public String run(RunFolder folder, Backend backend, Reporter reporter, BooleanSupplier stop)
      throws IOException {
    long start = System.nanoTime();
    List<Answered> answers =
        Evaluator.answer(
            backend,
            model,
            queries,
            BATCH_SIZE,
            done -> {
              if (stop.getAsBoolean()) {
                throw new StopRequestedException();
              }
              reporter.progress("evaluating", done, queries.size(), "");
            });
    Evaluator.writeSamples(folder.path().resolve("samples.jsonl"), answers);
    String task = data.programs().getFirst().task();
    List<Row> rows =
        Scoring.rows(
            new Scoring.Cell("eval", task, "checkpoint", plan.seed),
            new Chance(TrainingAnswers.read(plan.data, data)),
            answers);
    new Results(
            "eval",
            backend.device().backend(),
            folder.startedAt(),
            RunFolder.now(),
            Math.round((System.nanoTime() - start) * 1e-8) / 10.0,
            rows,
            List.of())
        .write(folder.path().resolve(Results.FILE));
    return table(rows);
  }

  private static String table(List<Row> rows) {
    String format = "%-3s %-13s %-18s %-9s %-27s %6s  %-14s %5s %8s %6s%n";
    StringBuilder table = new StringBuilder();
    table.append(
        String.format(
            Locale.ROOT,
            format,
            "ops",
            "group",
            "query",
            "mode",
            "metric",
            "value",
            "95%",
            "n",
            "programs",
            "chance"));
    for (Row row : rows) {
      table.append(
          String.format(
              Locale.ROOT,
              format,
              row.operations(),
              row.group(),
              row.query(),
              row.mode(),
              row.metric().label(),
              figure(row.interval().value()),
              figure(row.interval().low()) + " - " + figure(row.interval().high()),
              row.n(),
              row.programs(),
              figure(row.chance())));
    }
    return table.toString();
  }

  private static String figure(double value) {
    return String.format(Locale.ROOT, "%.3f", value);
  }
}
