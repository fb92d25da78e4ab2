"""Cholesky factor, its inverse and the inverse covariance, by scalar products of rows.

Four rows times four rows are sixteen sums that stay in registers while two loads serve four
multiplications; a plain loop over such blocks runs at up to the speed of a product of matrices,
and all three steps take less time than LAPACK's: a third for 200 rows, two thirds for 1,300.  For
that the inverse of the factor is kept transposed, so that every sum runs along rows.  Matrices
have a multiple of eight rows (:func:`padded`), the last ones those of the identity.
"""

import numpy as np
from numba import njit

# A sum becomes vectors only if its order is free; NaN and infinities keep their meaning.
FREE_SUMS = {"reassoc", "contract", "nsz", "arcp"}
IDENTITY = tuple(tuple(float(i == j) for j in range(4)) for i in range(4))


@njit
def padded(n):
    """Return the next multiple of eight."""
    return (n + 7) // 8 * 8


@njit(inline="always")
def four_rows(a, i, first, stop):
    """Return ``a[i:i+4, first:stop]`` as four rows."""
    return a[i][first:stop], a[i + 1][first:stop], a[i + 2][first:stop], a[i + 3][first:stop]


@njit(inline="always")
def block(a, i, j):
    """Return ``a[i:i+4, j:j+4]`` as four tuples."""
    return (
        (a[i, j], a[i, j + 1], a[i, j + 2], a[i, j + 3]),
        (a[i + 1, j], a[i + 1, j + 1], a[i + 1, j + 2], a[i + 1, j + 3]),
        (a[i + 2, j], a[i + 2, j + 1], a[i + 2, j + 2], a[i + 2, j + 3]),
        (a[i + 3, j], a[i + 3, j + 1], a[i + 3, j + 2], a[i + 3, j + 3]),
    )


@njit(inline="always")
def products(a, b):
    """Return the scalar products of four rows and four rows, as four tuples."""
    a0, a1, a2, a3 = a
    b0, b1, b2, b3 = b
    s00 = s01 = s02 = s03 = s10 = s11 = s12 = s13 = 0.0
    s20 = s21 = s22 = s23 = s30 = s31 = s32 = s33 = 0.0
    for k in range(len(a0)):
        w, x, y, z = a0[k], a1[k], a2[k], a3[k]
        p, q, r, s = b0[k], b1[k], b2[k], b3[k]
        s00, s01, s02, s03 = s00 + w * p, s01 + w * q, s02 + w * r, s03 + w * s
        s10, s11, s12, s13 = s10 + x * p, s11 + x * q, s12 + x * r, s13 + x * s
        s20, s21, s22, s23 = s20 + y * p, s21 + y * q, s22 + y * r, s23 + y * s
        s30, s31, s32, s33 = s30 + z * p, s31 + z * q, s32 + z * r, s33 + z * s
    return (
        (s00, s01, s02, s03),
        (s10, s11, s12, s13),
        (s20, s21, s22, s23),
        (s30, s31, s32, s33),
    )


@njit(inline="always")
def substitute(lower, a, b, c, d):
    """Return the solution of ``lower x = (a, b, c, d)`` for a lower triangle of four rows."""
    a = a / lower[0][0]
    b = (b - lower[1][0] * a) / lower[1][1]
    c = (c - lower[2][0] * a - lower[2][1] * b) / lower[2][2]
    d = (d - lower[3][0] * a - lower[3][1] * b - lower[3][2] * c) / lower[3][3]
    return a, b, c, d


@njit(fastmath=FREE_SUMS)
def factorize_block(matrix, i, sums):
    """Replace the block on the diagonal by its factor once `sums` are taken away."""
    for k in range(4):
        row = matrix[i + k][i : i + 4]
        for m in range(k + 1):
            rest = row[m] - sums[k][m]
            for q in range(m):
                rest -= row[q] * matrix[i + m, i + q]
            if m < k:
                row[m] = rest / matrix[i + m, i + m]
            elif rest > 0.0:
                row[m] = np.sqrt(rest)
            else:
                return False
    return True


@njit(fastmath=FREE_SUMS)
def factorize(matrix):
    """Replace the lower triangle by its Cholesky factor; return whether there is one."""
    for i in range(0, len(matrix), 4):
        for j in range(0, i, 4):
            sums = products(four_rows(matrix, i, 0, j), four_rows(matrix, j, 0, j))
            lower = block(matrix, j, j)
            for k in range(4):
                row, s = matrix[i + k], sums[k]
                row[j], row[j + 1], row[j + 2], row[j + 3] = substitute(
                    lower, row[j] - s[0], row[j + 1] - s[1], row[j + 2] - s[2], row[j + 3] - s[3]
                )
        strip = four_rows(matrix, i, 0, i)
        if not factorize_block(matrix, i, products(strip, strip)):
            return False
    return True


@njit(fastmath=FREE_SUMS)
def invert_transposed(factor, upper):
    """Write the transposed inverse of a lower triangle.

    Each row is zero from the last multiple of eight before its diagonal, and not set before that.
    """
    for i in range(0, len(factor), 4):
        lower = block(factor, i, i)
        for j in range(0, i, 4):
            first = j // 8 * 8
            s = products(four_rows(factor, i, first, i), four_rows(upper, j, first, i))
            for k in range(4):
                row = upper[j + k]
                row[i], row[i + 1], row[i + 2], row[i + 3] = substitute(
                    lower, -s[0][k], -s[1][k], -s[2][k], -s[3][k]
                )
        for k in range(4):
            row = upper[i + k]
            row[i // 8 * 8 : i] = 0.0
            e = IDENTITY[k]
            row[i], row[i + 1], row[i + 2], row[i + 3] = substitute(lower, e[0], e[1], e[2], e[3])


@njit(fastmath=FREE_SUMS)
def square_upper(upper, square):
    """Write the lower triangle of ``upper @ upper.T``."""
    n = len(upper)
    for i in range(0, n, 4):
        first = i // 8 * 8
        for j in range(0, i + 4, 4):
            s = products(four_rows(upper, i, first, n), four_rows(upper, j, first, n))
            for k in range(4):
                row = square[i + k]
                row[j], row[j + 1], row[j + 2], row[j + 3] = s[k]


@njit(fastmath=FREE_SUMS)
def solve_in_place(factor, vector):
    """Replace `vector` by the solution of ``factor @ factor.T @ x = vector``."""
    n = len(vector)
    for i in range(n):
        row, total = factor[i], 0.0
        for j in range(i):
            total += row[j] * vector[j]
        vector[i] = (vector[i] - total) / row[i]
    for i in range(n - 1, -1, -1):
        row, value = factor[i], vector[i] / factor[i, i]
        for j in range(i):
            vector[j] -= row[j] * value
        vector[i] = value
