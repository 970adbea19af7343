package pbb.bench;

import java.util.List;
import java.util.stream.Stream;

/**
 * A matrix product, (M, K) · (K, N).
 *
 * @param transpose which operand is stored transposed: NN, NT or TN
 */
record Product(int m, int n, int k, String transpose) {

  /**
   * The products of the known shapes' feed-forward and output layers, and a square one; the three
   * transposes of each together.
   */
  static final List<List<Product>> BY_SIZE =
      Stream.of(
              new int[] {4096, 384, 128},
              new int[] {4096, 128, 384},
              new int[] {4096, 768, 256},
              new int[] {4096, 256, 768},
              new int[] {2048, 1408, 512},
              new int[] {2048, 512, 1408},
              new int[] {2048, 8192, 512},
              new int[] {1024, 1024, 1024})
          .map(
              mnk ->
                  Stream.of("NN", "NT", "TN")
                      .map(transpose -> new Product(mnk[0], mnk[1], mnk[2], transpose))
                      .toList())
          .toList();

  /** As the peer for OpenCL takes it. */
  String argument() {
    return m + "," + n + "," + k + "," + transpose;
  }
}
