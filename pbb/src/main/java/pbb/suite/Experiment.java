package pbb.suite;

import java.util.List;
import java.util.stream.Collectors;
import pbb.eval.Row;
import pbb.run.UsageException;

/** What is compared with what, and which claims that decides. */
public sealed interface Experiment permits Reasoning {

  /** All experiments, in the order in which a run has them. */
  static List<Experiment> all() {
    return List.of(new Reasoning());
  }

  /**
   * The experiment with this id.
   *
   * @throws UsageException if there is none
   */
  static Experiment named(String id) {
    return all().stream()
        .filter(experiment -> experiment.id().equals(id))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "there is no experiment "
                        + id
                        + ": choose one of "
                        + all().stream().map(Experiment::id).collect(Collectors.joining(", "))));
  }

  /** The name in options, files and tables. */
  String id();

  /** The task that its programs come from. */
  String task();

  /** The conditions, each of which is trained by itself. */
  List<String> conditions();

  /**
   * Judges the experiment's claims.
   *
   * @param rows its rows, of any number of seeds
   */
  List<Claim.Verdict> judge(List<Row> rows);
}
