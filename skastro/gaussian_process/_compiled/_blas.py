"""BLAS and LAPACK of SciPy inside compiled code.

The addresses come from SciPy's Cython interface and travel as arguments: constants would make the
cache of compiled code invalid in the next process.  Matrices are row-major and lower triangular,
which LAPACK, column-major, calls upper.
"""

from typing import NamedTuple

import numba.experimental.function_type  # noqa: F401  registers the types of addresses
import numpy as np
from numba import njit, types
from numba.extending import get_cython_function_address


class _Function(types.WrapperAddressProtocol):
    def __init__(self, module, name, n_arguments):
        self.address = get_cython_function_address(f"scipy.linalg.{module}", name)
        self.n_arguments = n_arguments

    def __wrapper_address__(self):
        return self.address

    def signature(self):
        return types.void(*[types.uintp] * self.n_arguments)


class Blas(NamedTuple):
    """The five routines that the engine calls."""

    dgemm: object
    sgemm: object
    dpotrf: object
    dpotri: object
    dpotrs: object
    dtrtri: object


BLAS = Blas(
    _Function("cython_blas", "dgemm", 13),
    _Function("cython_blas", "sgemm", 13),
    _Function("cython_lapack", "dpotrf", 5),
    _Function("cython_lapack", "dpotri", 5),
    _Function("cython_lapack", "dpotrs", 8),
    _Function("cython_lapack", "dtrtri", 6),
)


@njit(cache=True)
def factorize(blas, matrix):
    """Replace the lower triangle by its Cholesky factor; say whether there is one."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(matrix), 0], np.int32)
    n = numbers.ctypes.data
    blas.dpotrf(letters.ctypes.data, n, matrix.ctypes.data, n, n + np.uint64(4))
    return numbers[1] == 0


@njit(cache=True)
def invert(blas, factor):
    """Replace a Cholesky factor by the lower triangle of the inverse of its matrix."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(factor), 0], np.int32)
    n = numbers.ctypes.data
    blas.dpotri(letters.ctypes.data, n, factor.ctypes.data, n, n + np.uint64(4))


@njit(cache=True)
def invert_factor(blas, factor):
    """Replace a Cholesky factor by its own inverse."""
    letters = np.array([ord("U"), ord("N")], np.uint8)
    numbers = np.array([len(factor), 0], np.int32)
    c, n = letters.ctypes.data, numbers.ctypes.data
    blas.dtrtri(c, c + np.uint64(1), n, factor.ctypes.data, n, n + np.uint64(4))


@njit(cache=True)
def solve_factor(blas, factor, vector):
    """Replace `vector` by the solution of the system that `factor` stands for."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(factor), 1, 0], np.int32)
    n = numbers.ctypes.data
    one, info = n + np.uint64(4), n + np.uint64(8)
    blas.dpotrs(letters.ctypes.data, n, one, factor.ctypes.data, n, vector.ctypes.data, n, info)


@njit(cache=True)
def multiply(gemm, left, right, out, n_rows, n_inner):
    """Write ``left[:n_rows, :n_inner] @ right[:n_inner]`` into ``out[:n_rows]``.

    The rows of `left` may be a slice of those of a larger matrix; `right` and `out` are contiguous
    and of one width.
    """
    letters = np.array([ord("N")], np.uint8)
    width = right.shape[1]
    numbers = np.array([width, n_rows, n_inner, left.shape[1]], np.int32)
    scalars = np.array([1.0, 0.0], left.dtype)
    c, n, s = letters.ctypes.data, numbers.ctypes.data, scalars.ctypes.data
    four, size = np.uint64(4), np.uint64(scalars.itemsize)
    gemm(
        c, c, n, n + four, n + four * np.uint64(2), s, right.ctypes.data, n, left.ctypes.data,
        n + four * np.uint64(3), s + size, out.ctypes.data, n,
    )  # fmt: skip
