package pbb.engine.backend.vector;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackingTest {

  private static final float UNTOUCHED = -1;

  /** Floats before the first panel, and behind the gap that follows the last one. */
  private static final int GUARD = 16;

  /** Each float stands where it belongs, and nothing around the panels is written. */
  @ParameterizedTest
  @ValueSource(ints = {4, 8, 12})
  void panelsOfRowsHaveEachFloatInItsPlace(int height) {
    int stride = 41;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = MatMulCases.random(arena, "source", 4L * stride * 40);
      for (int rows = 1; rows <= 37; rows++) {
        int panelFloats = (int) (Packing.rowPanelBytes(height, rows) / Float.BYTES);
        for (int columns = 1; columns <= 37; columns++) {
          int floats = Math.ceilDiv(columns, height) * panelFloats + 2 * GUARD;
          MemorySegment target = arena.allocate(4L * floats, 64);
          for (int i = 0; i < floats; i++) {
            target.setAtIndex(JAVA_FLOAT, i, UNTOUCHED);
          }
          long panels = target.address() + 4L * GUARD;
          Packing.panelsOfRows(source.address(), 4L * stride, rows, columns, height, panels);
          String what = rows + " rows and " + columns + " columns";
          for (int p = 0; p < rows; p++) {
            for (int i = 0; i < columns; i++) {
              int at = GUARD + i / height * panelFloats + p * height + i % height;
              float expected = source.getAtIndex(JAVA_FLOAT, p * stride + i);
              assertEquals(expected, target.getAtIndex(JAVA_FLOAT, at), what);
            }
          }
          for (int i = 0; i < GUARD; i++) {
            assertEquals(UNTOUCHED, target.getAtIndex(JAVA_FLOAT, i), what);
            assertEquals(UNTOUCHED, target.getAtIndex(JAVA_FLOAT, floats - 1 - i), what);
          }
        }
      }
    }
  }

  /**
   * Each float stands where it belongs, and nothing around the target's rows is written. Blocks of
   * 16 × 16 are there with vectors of 16 lanes only.
   */
  @Test
  void transposedBlocksHaveEachFloatInItsPlace() {
    int sourceStride = 51;
    int targetStride = 53;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment source = MatMulCases.random(arena, "source", 4L * sourceStride * 50);
      int floats = GUARD + targetStride * 50;
      MemorySegment target = arena.allocate(4L * floats, 64);
      for (int rows = 1; rows <= 49; rows++) {
        for (int columns = 1; columns <= 49; columns++) {
          for (int i = 0; i < floats; i++) {
            target.setAtIndex(JAVA_FLOAT, i, UNTOUCHED);
          }
          long first = target.address() + 4L * GUARD;
          Packing.transpose(
              source.address(), 4L * sourceStride, rows, columns, first, 4L * targetStride);
          String what = rows + " rows and " + columns + " columns";
          for (int j = 0; j < 50; j++) {
            for (int i = 0; i < targetStride; i++) {
              boolean written = j < columns && i < rows;
              float expected =
                  written ? source.getAtIndex(JAVA_FLOAT, i * sourceStride + j) : UNTOUCHED;
              int at = GUARD + j * targetStride + i;
              assertEquals(expected, target.getAtIndex(JAVA_FLOAT, at), what);
            }
          }
          for (int i = 0; i < GUARD; i++) {
            assertEquals(UNTOUCHED, target.getAtIndex(JAVA_FLOAT, i), what);
          }
        }
      }
    }
  }
}
