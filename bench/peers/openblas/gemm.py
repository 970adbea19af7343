"""OpenBLAS as a peer: matrix products alone, through the one that NumPy's wheels carry.

    python gemm.py 4096,384,128 1      M,N,K or -, threads;    python gemm.py core    says which kernels it picked

One JSON object a line; the fields are those of ../libtorch. NumPy hands a product of two matrices, transposed or not,
to cblas_sgemm without copying them.
"""

import ctypes
import glob
import json
import os
import statistics
import sys
import time

import numpy as np

SHAPES = [(4096, 384, 128), (4096, 128, 384), (4096, 768, 256), (4096, 256, 768),
          (2048, 1408, 512), (2048, 512, 1408), (2048, 8192, 512), (1024, 1024, 1024)]
WARM_UP_SECONDS, REPEATS = 1, 9


def openblas(question):
    """What NumPy's own copy of OpenBLAS says of itself."""
    folder = os.path.join(os.path.dirname(np.__file__), "..", "numpy.libs")
    library = ctypes.CDLL(glob.glob(os.path.join(folder, "libscipy_openblas*"))[0])
    function = getattr(library, f"scipy_openblas_get_{question}64_")
    function.restype = ctypes.c_char_p
    return function().decode()


def seconds(a, b, c, runs):
    started = time.perf_counter()
    for _ in range(runs):
        np.matmul(a, b, out=c)
    return time.perf_counter() - started


def measure(m, n, k, transpose, threads):
    random = np.random.default_rng(1)
    stored = lambda rows, columns: random.random((rows, columns), dtype=np.float32)
    a = stored(k, m).T if transpose[0] == "T" else stored(m, k)
    b = stored(n, k).T if transpose[1] == "T" else stored(k, n)
    c = np.empty((m, n), np.float32)
    runs = max(1, int(5e9 / (2 * m * n * k)))
    began = time.perf_counter()
    while time.perf_counter() - began < WARM_UP_SECONDS:
        np.matmul(a, b, out=c)
    rates = [2e-9 * m * n * k * runs / seconds(a, b, c, runs) for _ in range(REPEATS)]
    return {
        "what": "matmul", "peer": "openblas", "version": openblas("config").split()[1],
        "core": openblas("corename"), "setup": os.environ.get("SETUP", ""), "transpose": transpose,
        "m": m, "n": n, "k": k, "threads": threads, "gflops": round(statistics.median(rates), 1),
        "low": round(min(rates), 1), "high": round(max(rates), 1)}


def main():
    if sys.argv[1] == "core":
        print(openblas("corename"))
        return
    shapes = SHAPES if sys.argv[1] == "-" else [tuple(map(int, sys.argv[1].split(",")))]
    for shape in shapes:
        for transpose in ("NN", "NT", "TN"):
            print(json.dumps(measure(*shape, transpose, int(sys.argv[2]))), flush=True)


if __name__ == "__main__":
    main()
