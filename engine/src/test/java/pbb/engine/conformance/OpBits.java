package pbb.engine.conformance;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.zip.CRC32C;
import pbb.engine.backend.Backend;
import pbb.engine.backend.BackendOptions;
import pbb.engine.backend.BackendProvider;
import pbb.engine.graph.Destination;
import pbb.engine.graph.Tensor;

/**
 * Prints a checksum of what each small row of the op table gives, one a line. {@link
 * CompilationTest} runs it in a JVM that compiles and in one that does not. Arguments: the backend,
 * its device, and how often a row is run before the run that counts.
 */
final class OpBits {

  /** Elements of a row's tensors: what an interpreter gets through. */
  private static final long LARGEST = 4000;

  private OpBits() {}

  static List<OpCase> rows() {
    return OpTable.rows().stream()
        .filter(row -> row.fillings().keySet().stream().mapToLong(Tensor::size).sum() < LARGEST)
        .toList();
  }

  public static void main(String[] arguments) {
    BackendProvider provider =
        ServiceLoader.load(BackendProvider.class).stream()
            .map(ServiceLoader.Provider::get)
            .filter(candidate -> candidate.name().equals(arguments[0]))
            .findFirst()
            .orElseThrow();
    int warmUps = Integer.parseInt(arguments[2]);
    List<String> lines = new ArrayList<>();
    try (Backend backend = provider.open(new BackendOptions(arguments[1], 1))) {
      for (OpCase row : rows()) {
        Map<Tensor, double[]> inputs = row.inputs(Conformance.SEED);
        try (Session session = row.open(backend, inputs)) {
          for (int i = 0; i < warmUps; i++) {
            session.run(OpCase.GRAPH);
          }
          // What is added to or changed in place begins anew.
          session.write(inputs);
          session.run(OpCase.GRAPH);
          CRC32C checksum = new CRC32C();
          for (Destination output : row.op().outputs()) {
            for (double value : session.read(output.operand().tensor())) {
              update(checksum, Double.doubleToRawLongBits(value));
            }
          }
          lines.add(row.name() + "\t" + Long.toHexString(checksum.getValue()));
        }
      }
    }
    lines.forEach(System.out::println);
  }

  private static void update(CRC32C checksum, long bits) {
    for (int i = 0; i < Long.BYTES; i++) {
      checksum.update((int) (bits >>> (8 * i)));
    }
  }
}
