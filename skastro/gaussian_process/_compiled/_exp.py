"""Exponentials of negative numbers that the compiler turns into vector instructions.

pip's numba calls the scalar exponential of the system inside loops, three times slower.  These
round ``x / ln 2`` to an integer by adding a magic number, evaluate a polynomial on the rest and
write the integer into the exponent bits.
"""

import numpy as np
from numba import njit, types
from numba.extending import overload

# Reassociation would undo the rounding by the magic number, so fastmath=True is out.
LOOSE = {"contract", "nnan", "ninf", "nsz", "arcp"}


@njit(inline="always", fastmath=LOOSE)
def exp_negative64(x):
    """Return exp(x) for float64 ``x <= 0``, relative error below 1e-14."""
    # Below, the exponent bits would wrap around.
    x = max(x, -700.0)
    # 1.5 * 2**52: the sum has no room for a fraction, so it is rounded to an integer.
    shifted = x * 1.4426950408889634 + 6755399441055744.0
    whole = shifted - 6755399441055744.0
    # ln 2 in two parts: the first has so few digits that its product is exact.
    rest = x - whole * 0.6931471803691238
    rest = rest - whole * 1.9082149292705877e-10
    p = 2.505210838544172e-08
    p = p * rest + 2.755731922398589e-07
    p = p * rest + 2.7557319223985893e-06
    p = p * rest + 2.48015873015873e-05
    p = p * rest + 1.984126984126984e-04
    p = p * rest + 1.388888888888889e-03
    p = p * rest + 8.333333333333333e-03
    p = p * rest + 4.1666666666666664e-02
    p = p * rest + 1.6666666666666666e-01
    p = p * rest + 0.5
    p = p * rest + 1.0
    p = p * rest + 1.0
    bits = np.float64(p).view(np.int64) + (np.float64(shifted).view(np.int64) << 52)
    return np.int64(bits).view(np.float64)


@njit(inline="always", fastmath=LOOSE)
def exp_negative32(x):
    """Return exp(x) for float32 ``x <= 0``, relative error below 3e-7."""
    one = np.float32(1.0)
    # Below, the exponent bits would wrap around.
    x = max(x, np.float32(-87.0))
    # 1.5 * 2**23, as above.
    shifted = x * np.float32(1.44269504) + np.float32(12582912.0)
    whole = shifted - np.float32(12582912.0)
    rest = x - whole * np.float32(0.693359375)
    rest = rest - whole * np.float32(-2.12194440e-4)
    p = np.float32(1.0 / 720.0)
    p = p * rest + np.float32(1.0 / 120.0)
    p = p * rest + np.float32(1.0 / 24.0)
    p = p * rest + np.float32(1.0 / 6.0)
    p = p * rest + np.float32(0.5)
    p = p * rest + one
    p = p * rest + one
    bits = np.float32(p).view(np.int32) + (np.float32(shifted).view(np.int32) << np.int32(23))
    return np.int32(bits).view(np.float32)


def exp_negative(x):
    """Return exp(x) for ``x <= 0`` in the precision of `x`."""
    return np.exp(x)


@overload(exp_negative, inline="always", jit_options={"fastmath": LOOSE})
def _exp_negative_of(x):
    if x == types.float32:
        return lambda x: exp_negative32(x)
    return lambda x: exp_negative64(x)
