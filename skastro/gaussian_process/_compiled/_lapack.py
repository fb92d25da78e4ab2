"""LAPACK of SciPy inside compiled code.

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
    def __init__(self, name, n_arguments):
        self.address = get_cython_function_address("scipy.linalg.cython_lapack", name)
        self.n_arguments = n_arguments

    def __wrapper_address__(self):
        return self.address

    def signature(self):
        return types.void(*[types.uintp] * self.n_arguments)


class Lapack(NamedTuple):
    """The four routines that the engine calls."""

    dlauum: object
    dpotrf: object
    dpotrs: object
    dtrtri: object


LAPACK = Lapack(
    _Function("dlauum", 5),
    _Function("dpotrf", 5),
    _Function("dpotrs", 8),
    _Function("dtrtri", 6),
)


@njit(cache=True)
def factorize(lapack, matrix, n):
    """Replace the lower triangle of the first `n` rows by its Cholesky factor, if it has one."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([n, len(matrix), 0], np.int32)
    c, p = letters.ctypes.data, numbers.ctypes.data
    lapack.dpotrf(c, p, matrix.ctypes.data, p + np.uint64(4), p + np.uint64(8))
    return numbers[2] == 0


@njit(cache=True)
def invert_factor(lapack, factor, n):
    """Replace a Cholesky factor by its own inverse."""
    letters = np.array([ord("U"), ord("N")], np.uint8)
    numbers = np.array([n, len(factor), 0], np.int32)
    c, p = letters.ctypes.data, numbers.ctypes.data
    lapack.dtrtri(c, c + np.uint64(1), p, factor.ctypes.data, p + np.uint64(4), p + np.uint64(8))


@njit(cache=True)
def square_factor(lapack, lower, n):
    """Replace a lower triangle by that of ``lower.T @ lower``."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([n, len(lower), 0], np.int32)
    c, p = letters.ctypes.data, numbers.ctypes.data
    lapack.dlauum(c, p, lower.ctypes.data, p + np.uint64(4), p + np.uint64(8))


@njit(cache=True)
def solve_factor(lapack, factor, vector):
    """Replace `vector` by the solution of the system that `factor` stands for."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(vector), 1, len(factor), 0], np.int32)
    c, n = letters.ctypes.data, numbers.ctypes.data
    one, leading, info = n + np.uint64(4), n + np.uint64(8), n + np.uint64(12)
    lapack.dpotrs(c, n, one, factor.ctypes.data, leading, vector.ctypes.data, n, info)
