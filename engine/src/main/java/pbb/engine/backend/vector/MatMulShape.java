package pbb.engine.backend.vector;

import java.util.Arrays;

/**
 * What a matrix product looks like: {@code C = op(A) · op(B)} or {@code C += op(A) · op(B)}, where
 * op transposes or not, for each of {@code batch} independent triples. All matrices are row-major
 * floats; strides count floats.
 *
 * @param batch the number of products, at least 1
 * @param m the rows of C and of op(A), at least 1
 * @param n the columns of C and of op(B), at least 1
 * @param k the columns of op(A) and the rows of op(B), at least 1
 * @param transposeA whether A is stored as (k, m) rather than (m, k)
 * @param transposeB whether B is stored as (n, k) rather than (k, n)
 * @param lda floats from one stored row of A to the next
 * @param ldb floats from one stored row of B to the next
 * @param ldc floats from one row of C to the next
 * @param strideA floats from one A of the batch to the next
 * @param strideB floats from one B of the batch to the next; 0 if all share one
 * @param strideC floats from one C of the batch to the next
 * @param accumulate whether the product is added to C
 */
record MatMulShape(
    int batch,
    int m,
    int n,
    int k,
    boolean transposeA,
    boolean transposeB,
    int lda,
    int ldb,
    int ldc,
    long strideA,
    long strideB,
    long strideC,
    boolean accumulate) {

  /**
   * Checks that the extents are positive, that rows do not overlap, and that the matrices of C do
   * not.
   */
  MatMulShape {
    require(batch >= 1 && m >= 1 && n >= 1 && k >= 1, "extents of at least 1", batch, m, n, k);
    require(lda >= (transposeA ? m : k), "rows of A that do not overlap, lda", lda);
    require(ldb >= (transposeB ? k : n), "rows of B that do not overlap, ldb", ldb);
    require(ldc >= n, "rows of C that do not overlap, ldc", ldc);
    require(strideA >= 0 && strideB >= 0, "strides of at least 0", strideA, strideB);
    require(
        batch == 1 || strideC >= (long) (m - 1) * ldc + n,
        "matrices of C that do not overlap, strideC",
        strideC);
  }

  /** One product, or a batch of them, of matrices that lie without gaps. */
  static MatMulShape dense(
      int batch, int m, int n, int k, boolean transposeA, boolean transposeB, boolean accumulate) {
    return new MatMulShape(
        batch,
        m,
        n,
        k,
        transposeA,
        transposeB,
        transposeA ? m : k,
        transposeB ? k : n,
        n,
        (long) m * k,
        (long) k * n,
        (long) m * n,
        accumulate);
  }

  /** Bytes from the first element of A to the end of its last, in all of the batch. */
  long bytesA() {
    return 4L * (batch - 1) * strideA + matrixBytesA();
  }

  /** Bytes from the first element of B to the end of its last, in all of the batch. */
  long bytesB() {
    return 4L * (batch - 1) * strideB + matrixBytesB();
  }

  /** Bytes from the first element of C to the end of its last, in all of the batch. */
  long bytesC() {
    return 4L * (batch - 1) * strideC + matrixBytesC();
  }

  /** The same of one A. */
  long matrixBytesA() {
    return transposeA ? bytes(k, lda, m) : bytes(m, lda, k);
  }

  /** The same of one B. */
  long matrixBytesB() {
    return transposeB ? bytes(n, ldb, k) : bytes(k, ldb, n);
  }

  /** The same of one C. */
  long matrixBytesC() {
    return bytes(m, ldc, n);
  }

  private static long bytes(int rows, int rowStride, int columns) {
    return 4 * ((long) (rows - 1) * rowStride + columns);
  }

  private static void require(boolean condition, String rule, Object... values) {
    if (!condition) {
      throw new IllegalArgumentException(
          "a matrix product needs " + rule + ", not " + Arrays.toString(values));
    }
  }
}
