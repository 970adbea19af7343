package pbb.eval;

/**
 * One figure of an evaluation, as {@code results.json} has it.
 *
 * @param experiment the experiment
 * @param task the task
 * @param operations the setting
 * @param condition the condition, such as the curriculum
 * @param seed the seed
 * @param group the programs' group
 * @param query the kind of query
 * @param mode how answers were given
 * @param metric what is measured
 * @param interval the figure with its interval
 * @param n the number of queries
 * @param programs the number of programs
 * @param chance what the best guess from input and training answers alone would score
 */
public record Row(
    String experiment,
    String task,
    int operations,
    String condition,
    long seed,
    String group,
    String query,
    String mode,
    Metric metric,
    Interval interval,
    int n,
    int programs,
    double chance) {

  /** What is measured. */
  public enum Metric {
    /** Agrees with the program that the model was shown, or asked for, under that name. */
    ACCURACY("accuracy"),
    /** Agrees with the program that was swapped out. */
    ACCURACY_ORIGINAL("accuracy_original"),
    /** Begins with the source, word for word. */
    RECITATION("recitation"),
    /** Accuracy among the answers that recite. */
    EXECUTION_GIVEN_RECITATION("execution_given_recitation"),
    /**
     * Has the form that the mode asks for, with steps from the input that was asked; whether source
     * and states are right is not part of it.
     */
    WELL_FORMED("well_formed");

    private final String label;

    Metric(String label) {
      this.label = label;
    }

    /** The name in files and tables. */
    public String label() {
      return label;
    }
  }
}
