// Times matrix products on one OpenCL device: CLBlast's SGEMM and the tiled kernels of matmul.cl. `run` builds it and
// tells its arguments. For each product, each kernel is checked against sums made here, then timed; one JSON object a
// line. A product is waited for before the next is given to the device, as a run of the engine is.
#define CL_TARGET_OPENCL_VERSION 120
#define CL_USE_DEPRECATED_OPENCL_1_2_APIS
#include <CL/cl.h>
#include <clblast_c.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { REPEATS = 9, WARM_UPS = 2, CHECKED = 256 };
static const double WARM_UP_SECONDS = 1, REPEAT_SECONDS = 0.1;

// A way to compile matmul.cl; its head says what the numbers are.
typedef struct {
  const char *name;
  int tile_m, tile_n, tile_k, rows, width, vectors;
} Variant;

static const Variant VARIANTS[] = {
    {"tile64-float4", 64, 64, 16, 8, 4, 2},   // 64 work-items of 8 x 8: what fits every GPU
    {"tile64-float8", 64, 64, 32, 8, 8, 1},   // the same in twice as wide vectors
    {"tile64-float16", 64, 64, 64, 8, 16, 1}, // 32 work-items of 8 x 16: the fastest on a processor with AVX-512
};
enum { VARIANT_COUNT = sizeof VARIANTS / sizeof *VARIANTS };

static cl_device_id device;
static cl_context context;
static cl_command_queue queue;
static char device_name[256], driver[256];
static cl_uint units;
static cl_ulong local_memory;

static void fail(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vfprintf(stderr, format, values);
  va_end(values);
  fputc('\n', stderr);
  exit(1);
}

static void check(cl_int code, const char *call) {
  if (code != CL_SUCCESS)
    fail("%s gave OpenCL's error %d", call, code);
}

static void *allocate(size_t bytes) {
  void *memory = malloc(bytes);
  if (!memory)
    fail("no memory for %zu bytes", bytes);
  return memory;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

static int ascending(const void *x, const void *y) {
  double a = *(const double *)x, b = *(const double *)y;
  return (a > b) - (a < b);
}

static void open_device(const char *wanted) {
  cl_platform_id platforms[16];
  cl_uint platform_count = 0;
  if (clGetPlatformIDs(16, platforms, &platform_count) != CL_SUCCESS || platform_count == 0)
    fail("there is no OpenCL platform: install the device's driver (for the processor, Debian's pocl-opencl-icd)");
  char *end;
  long number = strtol(wanted, &end, 10);
  int numbered = *wanted && !*end, count = 0;
  for (cl_uint p = 0; p < platform_count && p < 16; p++) {
    cl_device_id devices[16];
    cl_uint device_count = 0;
    if (clGetDeviceIDs(platforms[p], CL_DEVICE_TYPE_ALL, 16, devices, &device_count) != CL_SUCCESS)
      continue;
    for (cl_uint d = 0; d < device_count && d < 16; d++, count++) {
      check(clGetDeviceInfo(devices[d], CL_DEVICE_NAME, sizeof device_name, device_name, NULL), "clGetDeviceInfo");
      if (numbered ? count == number : strncmp(device_name, wanted, strlen(device_name)) == 0) {
        device = devices[d];
        check(clGetDeviceInfo(device, CL_DRIVER_VERSION, sizeof driver, driver, NULL), "clGetDeviceInfo");
        check(clGetDeviceInfo(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units, NULL), "clGetDeviceInfo");
        check(clGetDeviceInfo(device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local_memory, &local_memory, NULL),
              "clGetDeviceInfo");
        cl_int code;
        context = clCreateContext(NULL, 1, &device, NULL, NULL, &code);
        check(code, "clCreateContext");
        queue = clCreateCommandQueue(context, device, 0, &code);
        check(code, "clCreateCommandQueue");
        return;
      }
    }
  }
  fail("there is no OpenCL device %s among %d: clinfo -l lists them", wanted, count);
}

static cl_kernel compile(const Variant *v, const char *source, int transpose_a, int transpose_b) {
  cl_ulong needed = sizeof(float) * v->tile_k * (v->tile_m + v->tile_n + 8); // matmul.cl pads rows by 4
  if (needed > local_memory)
    fail("%s needs %lu bytes of local memory, and %s has %lu", v->name, (unsigned long)needed, device_name,
         (unsigned long)local_memory);
  cl_int code;
  cl_program program = clCreateProgramWithSource(context, 1, &source, NULL, &code);
  check(code, "clCreateProgramWithSource");
  char options[512];
  snprintf(options, sizeof options,
           "-cl-mad-enable -DTILE_M=%d -DTILE_N=%d -DTILE_K=%d -DROWS=%d -DWIDTH=%d -DVECTORS=%d -DTRANSPOSE_A=%d"
           " -DTRANSPOSE_B=%d",
           v->tile_m, v->tile_n, v->tile_k, v->rows, v->width, v->vectors, transpose_a, transpose_b);
  if (clBuildProgram(program, 1, &device, options, NULL, NULL) != CL_SUCCESS) {
    static char log[4096];
    clGetProgramBuildInfo(program, device, CL_PROGRAM_BUILD_LOG, sizeof log - 1, log, NULL);
    fail("matmul.cl does not compile with %s: %s", options, log);
  }
  cl_kernel kernel = clCreateKernel(program, "matmul", &code);
  check(code, "clCreateKernel");
  check(clReleaseProgram(program), "clReleaseProgram");
  return kernel;
}

// One product: its operands on the host and on the device.
typedef struct {
  int m, n, k, transpose_a, transpose_b;
  float *a, *b, *out;
  cl_mem device_a, device_b, device_out;
} Product;

static unsigned random_state = 1;

static float next_random(void) { // -1 to 1
  random_state = random_state * 1664525u + 1013904223u;
  return (float)(random_state >> 8) / (1 << 23) - 1;
}

static cl_mem upload(const float *host, size_t floats) {
  cl_int code;
  cl_mem buffer = clCreateBuffer(context, CL_MEM_READ_WRITE, floats * sizeof(float), NULL, &code);
  check(code, "clCreateBuffer");
  check(clEnqueueWriteBuffer(queue, buffer, CL_TRUE, 0, floats * sizeof(float), host, 0, NULL, NULL),
        "clEnqueueWriteBuffer");
  return buffer;
}

static Product make(int m, int n, int k, int transpose_a, int transpose_b) {
  Product p = {.m = m, .n = n, .k = k, .transpose_a = transpose_a, .transpose_b = transpose_b};
  size_t a_size = (size_t)m * k, b_size = (size_t)k * n, out_size = (size_t)m * n;
  p.a = allocate(a_size * sizeof(float));
  p.b = allocate(b_size * sizeof(float));
  p.out = allocate(out_size * sizeof(float));
  for (size_t i = 0; i < a_size; i++)
    p.a[i] = next_random();
  for (size_t i = 0; i < b_size; i++)
    p.b[i] = next_random();
  p.device_a = upload(p.a, a_size);
  p.device_b = upload(p.b, b_size);
  p.device_out = upload(p.out, out_size);
  return p;
}

static void discard(Product *p) {
  clReleaseMemObject(p->device_a);
  clReleaseMemObject(p->device_b);
  clReleaseMemObject(p->device_out);
  free(p->a);
  free(p->b);
  free(p->out);
}

// Computes the product with CLBlast, or with a kernel if there is one, and waits for it.
static void compute(Product *p, const Variant *v, cl_kernel kernel) {
  if (!kernel) {
    CLBlastStatusCode code = CLBlastSgemm(
        CLBlastLayoutRowMajor, p->transpose_a ? CLBlastTransposeYes : CLBlastTransposeNo,
        p->transpose_b ? CLBlastTransposeYes : CLBlastTransposeNo, p->m, p->n, p->k, 1, p->device_a, 0,
        p->transpose_a ? p->m : p->k, p->device_b, 0, p->transpose_b ? p->k : p->n, 0, p->device_out, 0, p->n, &queue,
        NULL);
    if (code != CLBlastSuccess)
      fail("CLBlastSgemm gave error %d", code);
  } else {
    size_t local[] = {v->tile_n / v->width / v->vectors, v->tile_m / v->rows};
    size_t global[] = {p->n / v->tile_n * local[0], p->m / v->tile_m * local[1]};
    check(clEnqueueNDRangeKernel(queue, kernel, 2, NULL, global, local, 0, NULL, NULL), "clEnqueueNDRangeKernel");
  }
  check(clFinish(queue), "clFinish");
}

// Makes every element of out what no product is, so that one that is never written is found.
static void spoil(Product *p) {
  size_t size = (size_t)p->m * p->n;
  for (size_t i = 0; i < size; i++)
    p->out[i] = NAN;
  check(clEnqueueWriteBuffer(queue, p->device_out, CL_TRUE, 0, size * sizeof(float), p->out, 0, NULL, NULL),
        "clEnqueueWriteBuffer");
}

// Looks at every element, and compares some with sums in double precision.
static void verify(Product *p, const char *name) {
  size_t size = (size_t)p->m * p->n;
  check(clEnqueueReadBuffer(queue, p->device_out, CL_TRUE, 0, size * sizeof(float), p->out, 0, NULL, NULL),
        "clEnqueueReadBuffer");
  for (size_t i = 0; i < size; i++)
    if (!isfinite(p->out[i]))
      fail("%s: element %zu of %d x %d x %d is %f", name, i, p->m, p->n, p->k, p->out[i]);
  for (int c = 0; c < CHECKED; c++) {
    // The four corners, then elements all over.
    int row = c < 4 ? (c & 1) * (p->m - 1) : (int)((c * 2654435761u) % (unsigned)p->m);
    int column = c < 4 ? (c >> 1) * (p->n - 1) : (int)((c * 40503u) % (unsigned)p->n);
    double sum = 0, magnitude = 0;
    for (int i = 0; i < p->k; i++) {
      double a = p->transpose_a ? p->a[(size_t)i * p->m + row] : p->a[(size_t)row * p->k + i];
      double b = p->transpose_b ? p->b[(size_t)column * p->k + i] : p->b[(size_t)i * p->n + column];
      sum += a * b;
      magnitude += fabs(a * b);
    }
    double got = p->out[(size_t)row * p->n + column];
    if (fabs(got - sum) > 1e-6 * magnitude + 1e-6)
      fail("%s: element (%d, %d) of %d x %d x %d is %.7g and should be %.7g", name, row, column, p->m, p->n, p->k, got,
           sum);
  }
}

static void measure(Product *p, const char *peer, const char *name, const Variant *v, cl_kernel kernel) {
  spoil(p);
  compute(p, v, kernel);
  verify(p, name);

  double flops = 2.0 * p->m * p->n * p->k, spent = 0, last = 1;
  for (int i = 0; i < WARM_UPS || spent < WARM_UP_SECONDS; i++) {
    double began = now();
    compute(p, v, kernel);
    last = now() - began;
    spent += last;
  }
  int runs = last < REPEAT_SECONDS ? (int)ceil(REPEAT_SECONDS / last) : 1;
  double rates[REPEATS];
  for (int i = 0; i < REPEATS; i++) {
    double began = now();
    for (int run = 0; run < runs; run++)
      compute(p, v, kernel);
    rates[i] = flops * runs / (now() - began) / 1e9;
  }
  qsort(rates, REPEATS, sizeof *rates, ascending);
  printf("{\"what\":\"matmul\",\"peer\":\"%s\",\"kernel\":\"%s\",\"device\":\"%s\",\"driver\":\"%s\","
         "\"m\":%d,\"n\":%d,\"k\":%d,\"transpose\":\"%c%c\",\"units\":%u,\"gflops\":%.1f,\"low\":%.1f,\"high\":%.1f}\n",
         peer, name, device_name, driver, p->m, p->n, p->k, p->transpose_a ? 'T' : 'N', p->transpose_b ? 'T' : 'N',
         units, rates[REPEATS / 2], rates[0], rates[REPEATS - 1]);
  fflush(stdout);
}

// Whether `list` is "all" or has `name` between commas.
static int listed(const char *list, const char *name) {
  size_t length = strlen(name);
  if (strcmp(list, "all") == 0)
    return 1;
  for (const char *at = list; (at = strstr(at, name)); at += length)
    if ((at == list || at[-1] == ',') && (!at[length] || at[length] == ','))
      return 1;
  return 0;
}

static char *read_source(const char *path) {
  FILE *file = fopen(path, "r");
  if (!file)
    fail("%s cannot be read", path);
  static char source[1 << 16];
  size_t length = fread(source, 1, sizeof source - 1, file);
  if (fclose(file) != 0 || length == sizeof source - 1)
    fail("%s cannot be read whole", path);
  source[length] = 0;
  return source;
}

int main(int count, char **arguments) {
  if (count < 4)
    fail("usage: run DEVICE KERNELS M,N,K[,TRANSPOSES]...");
  open_device(arguments[1]);
  const char *source = read_source("matmul.cl"), *kernels = arguments[2];
  for (int i = 3; i < count; i++) {
    int m, n, k;
    char transposes[16] = "NN:NT:TN";
    if (sscanf(arguments[i], "%d,%d,%d,%15s", &m, &n, &k, transposes) < 3 || m < 1 || n < 1 || k < 1)
      fail("a product is M,N,K or M,N,K,TRANSPOSES with NN, NT and TN between colons, not %s", arguments[i]);
    for (const char *t = strtok(transposes, ":"); t; t = strtok(NULL, ":")) {
      if (strcmp(t, "NN") && strcmp(t, "NT") && strcmp(t, "TN"))
        fail("transposes are NN, NT and TN, not %s", t);
      Product p = make(m, n, k, t[0] == 'T', t[1] == 'T');
      if (listed(kernels, "clblast"))
        measure(&p, "clblast", "sgemm", NULL, NULL);
      for (const Variant *v = VARIANTS; v < VARIANTS + VARIANT_COUNT; v++)
        if (listed(kernels, v->name)) {
          if (m % v->tile_m || n % v->tile_n || k % v->tile_k)
            fail("%s takes multiples of %d, %d and %d for M, N and K, not %s", v->name, v->tile_m, v->tile_n, v->tile_k,
                 arguments[i]);
          cl_kernel kernel = compile(v, source, p.transpose_a, p.transpose_b);
          cl_int sizes[] = {m, n, k};
          for (cl_uint s = 0; s < 3; s++)
            check(clSetKernelArg(kernel, s, sizeof *sizes, sizes + s), "clSetKernelArg");
          cl_mem buffers[] = {p.device_a, p.device_b, p.device_out};
          for (cl_uint s = 0; s < 3; s++)
            check(clSetKernelArg(kernel, 3 + s, sizeof *buffers, buffers + s), "clSetKernelArg");
          measure(&p, "opencl-c", v->name, v, kernel);
          clReleaseKernel(kernel);
        }
      discard(&p);
    }
  }
  return 0;
}
