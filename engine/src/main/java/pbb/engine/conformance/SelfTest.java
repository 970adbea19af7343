package pbb.engine.conformance;

import java.util.Optional;
import java.util.stream.Stream;
import pbb.engine.backend.Backend;

/**
 * What a backend must pass before it is used: a few small rows of every op, and one step of a tiny
 * model.
 */
public final class SelfTest {

  private SelfTest() {}

  /**
   * What {@code backend} gets wrong; empty if nothing. Takes well under a second where a backend
   * starts quickly.
   */
  public static Optional<String> failure(Backend backend) {
    return Stream.concat(
            OpTable.sample().stream().map(row -> row.failure(backend, Conformance.SEED)),
            Stream.of(Conformance.gradients(ModelCase.all().getFirst(), backend)))
        .flatMap(Optional::stream)
        .findFirst();
  }
}
