package pbb.engine.graph;

/** The type of a tensor's elements; both take four bytes. */
public enum DataType {
  /** IEEE 754 single precision. */
  F32,
  /** Signed 32-bit integers: token ids, positions, row numbers. */
  I32
}
