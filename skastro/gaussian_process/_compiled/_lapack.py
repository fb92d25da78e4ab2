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

    dpotrf: object
    dpotri: object
    dpotrs: object
    dtrtri: object


LAPACK = Lapack(
    _Function("dpotrf", 5),
    _Function("dpotri", 5),
    _Function("dpotrs", 8),
    _Function("dtrtri", 6),
)


@njit(cache=True)
def factorize(lapack, matrix):
    """Replace the lower triangle by its Cholesky factor; say whether there is one."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(matrix), 0], np.int32)
    n = numbers.ctypes.data
    lapack.dpotrf(letters.ctypes.data, n, matrix.ctypes.data, n, n + np.uint64(4))
    return numbers[1] == 0


@njit(cache=True)
def invert(lapack, factor):
    """Replace a Cholesky factor by the lower triangle of the inverse of its matrix."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(factor), 0], np.int32)
    n = numbers.ctypes.data
    lapack.dpotri(letters.ctypes.data, n, factor.ctypes.data, n, n + np.uint64(4))


@njit(cache=True)
def invert_factor(lapack, factor):
    """Replace a Cholesky factor by its own inverse."""
    letters = np.array([ord("U"), ord("N")], np.uint8)
    numbers = np.array([len(factor), 0], np.int32)
    c, n = letters.ctypes.data, numbers.ctypes.data
    lapack.dtrtri(c, c + np.uint64(1), n, factor.ctypes.data, n, n + np.uint64(4))


@njit(cache=True)
def solve_factor(lapack, factor, vector):
    """Replace `vector` by the solution of the system that `factor` stands for."""
    letters = np.array([ord("U")], np.uint8)
    numbers = np.array([len(factor), 1, 0], np.int32)
    n = numbers.ctypes.data
    one, info = n + np.uint64(4), n + np.uint64(8)
    lapack.dpotrs(letters.ctypes.data, n, one, factor.ctypes.data, n, vector.ctypes.data, n, info)
