// A matrix product, out (M, N) = a (M, K) · b (K, N), both operands possibly stored transposed: tiles of out in
// registers, tiles of the operands in local memory.
//
// What is fixed when this is compiled, so that the compiler unrolls and vectorizes:
//   TILE_M, TILE_N   the part of out that a group of work-items computes
//   TILE_K           how much of K is in local memory at a time
//   ROWS             of out, for one work-item
//   WIDTH, VECTORS   its columns: VECTORS vectors of WIDTH floats
//   TRANSPOSE_A, TRANSPOSE_B   1 if a is stored (K, M), b (N, K)
// M, N and K must be multiples of the tile. A group is (TILE_N / WIDTH / VECTORS, TILE_M / ROWS) work-items.

#define JOIN_(a, b) a##b
#define JOIN(a, b) JOIN_(a, b)
#define VECTOR JOIN(float, WIDTH)
#define LOAD JOIN(vload, WIDTH)
#define STORE JOIN(vstore, WIDTH)

#define GROUP_X (TILE_N / WIDTH / VECTORS)
#define GROUP_Y (TILE_M / ROWS)
#define ITEMS (GROUP_X * GROUP_Y)

// Rows of local memory are four floats longer, so that the columns that a transposing copy writes fall in several banks.
#define PAD 4
#define A_ROW (TILE_M + PAD)
#define B_ROW (TILE_N + PAD)

// Copies `across` by `along` floats to local memory as they are stored, four at a time.
void copy_plain(__local float *to, int to_row, __global const float *from, int from_row, int across, int along, int item) {
  for (int i = item; i < across * along / 4; i += ITEMS) {
    int k = i / (along / 4), at = i % (along / 4) * 4;
    vstore4(vload4(0, from + (size_t)k * from_row + at), 0, to + k * to_row + at);
  }
}

// Copies the transpose: neighbouring work-items read one row of K, four floats each.
void copy_transposed(__local float *to, int to_row, __global const float *from, int from_row, int rows, int item) {
  for (int i = item; i < rows * TILE_K / 4; i += ITEMS) {
    int row = i / (TILE_K / 4), k = i % (TILE_K / 4) * 4;
    float4 v = vload4(0, from + (size_t)row * from_row + k);
    to[(k + 0) * to_row + row] = v.x;
    to[(k + 1) * to_row + row] = v.y;
    to[(k + 2) * to_row + row] = v.z;
    to[(k + 3) * to_row + row] = v.w;
  }
}

__kernel __attribute__((reqd_work_group_size(GROUP_X, GROUP_Y, 1)))
void matmul(int m, int n, int k, __global const float *restrict a, __global const float *restrict b,
            __global float *restrict out) {
  __local float as[TILE_K * A_ROW]; // (TILE_K, TILE_M)
  __local float bs[TILE_K * B_ROW]; // (TILE_K, TILE_N)
  const int lx = get_local_id(0), ly = get_local_id(1), item = ly * GROUP_X + lx;
  const int row0 = get_group_id(1) * TILE_M, column0 = get_group_id(0) * TILE_N;
  // TILE_K, in a way that a compiler cannot take for the same in all work-items: PoCL makes a loop that it is sure all
  // run alike go over the work-items in each turn, and then keeps every work-item's sums in memory instead of registers.
  // On two AVX-512 cores that was 7 GFLOP/s instead of 50. To a GPU it makes no difference.
  const int depth = TILE_K + (lx >> 20);

  VECTOR sums[ROWS][VECTORS];
#pragma unroll
  for (int r = 0; r < ROWS; r++)
#pragma unroll
    for (int v = 0; v < VECTORS; v++)
      sums[r][v] = (VECTOR)(0.0f);

  for (int k0 = 0; k0 < k; k0 += TILE_K) {
#if TRANSPOSE_A
    copy_plain(as, A_ROW, a + (size_t)k0 * m + row0, m, TILE_K, TILE_M, item);
#else
    copy_transposed(as, A_ROW, a + (size_t)row0 * k + k0, k, TILE_M, item);
#endif
#if TRANSPOSE_B
    copy_transposed(bs, B_ROW, b + (size_t)column0 * k + k0, k, TILE_N, item);
#else
    copy_plain(bs, B_ROW, b + (size_t)k0 * n + column0, n, TILE_K, TILE_N, item);
#endif
    barrier(CLK_LOCAL_MEM_FENCE);
    for (int kk = 0; kk < depth; kk++) {
      VECTOR bv[VECTORS];
#pragma unroll
      for (int v = 0; v < VECTORS; v++) // neighbouring work-items read neighbouring vectors
        bv[v] = LOAD(0, bs + kk * B_ROW + (v * GROUP_X + lx) * WIDTH);
#pragma unroll
      for (int r = 0; r < ROWS; r++) {
        const VECTOR av = (VECTOR)(as[kk * A_ROW + ly * ROWS + r]);
#pragma unroll
        for (int v = 0; v < VECTORS; v++)
          sums[r][v] = mad(av, bv[v], sums[r][v]);
      }
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }

#pragma unroll
  for (int r = 0; r < ROWS; r++)
#pragma unroll
    for (int v = 0; v < VECTORS; v++)
      STORE(sums[r][v], 0, out + (size_t)(row0 + ly * ROWS + r) * n + column0 + (v * GROUP_X + lx) * WIDTH);
}
