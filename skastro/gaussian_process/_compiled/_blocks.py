"""Products of a triangle and a wide matrix in strips of eight rows, by loops that become vectors.

One pass over four rows of the right factor updates eight rows of the result, so that 32
multiplications share twelve loads.  The triangle, the transposed inverse of a Cholesky factor, has
a multiple of eight rows and zeros below its diagonal.
"""

from numba import njit


@njit(inline="always")
def block_transposed(a, i, j):
    """Return ``a[i:i+4, j:j+4].T`` as four tuples."""
    return (
        (a[i, j], a[i + 1, j], a[i + 2, j], a[i + 3, j]),
        (a[i, j + 1], a[i + 1, j + 1], a[i + 2, j + 1], a[i + 3, j + 1]),
        (a[i, j + 2], a[i + 1, j + 2], a[i + 2, j + 2], a[i + 3, j + 2]),
        (a[i, j + 3], a[i + 1, j + 3], a[i + 2, j + 3], a[i + 3, j + 3]),
    )


@njit(inline="always")
def add_product(upper, i, j, x, out, width):
    """Add ``upper[j:j+4, i:i+8].T @ x`` to the first `width` columns of `out`, eight rows."""
    a, b, c, d = block_transposed(upper, j, i)
    e, f, g, h = block_transposed(upper, j, i + 4)
    x0, x1, x2, x3 = x[0], x[1], x[2], x[3]
    out0, out1, out2, out3 = out[0], out[1], out[2], out[3]
    out4, out5, out6, out7 = out[4], out[5], out[6], out[7]
    for k in range(width):
        p, q, r, s = x0[k], x1[k], x2[k], x3[k]
        out0[k] += a[0] * p + a[1] * q + a[2] * r + a[3] * s
        out1[k] += b[0] * p + b[1] * q + b[2] * r + b[3] * s
        out2[k] += c[0] * p + c[1] * q + c[2] * r + c[3] * s
        out3[k] += d[0] * p + d[1] * q + d[2] * r + d[3] * s
        out4[k] += e[0] * p + e[1] * q + e[2] * r + e[3] * s
        out5[k] += f[0] * p + f[1] * q + f[2] * r + f[3] * s
        out6[k] += g[0] * p + g[1] * q + g[2] * r + g[3] * s
        out7[k] += h[0] * p + h[1] * q + h[2] * r + h[3] * s


@njit(cache=True, fastmath=True)
def subtract_squares(rows, out, width):
    """Subtract the squares of eight rows."""
    a, b, c, d = rows[0], rows[1], rows[2], rows[3]
    e, f, g, h = rows[4], rows[5], rows[6], rows[7]
    for k in range(width):
        first = a[k] * a[k] + b[k] * b[k] + c[k] * c[k] + d[k] * d[k]
        out[k] -= first + e[k] * e[k] + f[k] * f[k] + g[k] * g[k] + h[k] * h[k]


@njit(cache=True, fastmath=True)
def subtract_explained(upper, cross, strip, out, width):
    """Subtract the squared columns of ``upper.T @ cross``; `strip` is work space of eight rows."""
    for i in range(0, len(upper), 8):
        strip[:] = 0.0
        for j in range(0, i + 8, 4):
            add_product(upper, i, j, cross[j : j + 4], strip, width)
        subtract_squares(strip, out, width)
