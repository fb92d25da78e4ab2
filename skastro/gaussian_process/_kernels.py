r"""Matern-3/2 kernels of unit amplitude over time and wavelength.

Arguments are the scaled squared distances :math:`s = 3 \Delta t^2 / \ell_t^2` and
:math:`q = 3 \Delta\lambda^2 / \ell_\lambda^2`.  The hyperparameters are
:math:`\theta = (\ln A, \ln \ell_t^2, \ln \ell_\lambda^2)`; a slope is a derivative with respect to
one of the last two.
"""

import numpy as np

KERNELS = ("radial", "separable")


def radial(s, q):
    """Return ``(1 + r) exp(-r)`` with ``r = sqrt(s + q)``, and the parts its slopes need."""
    r = s + q
    np.sqrt(r, out=r)
    decay = np.exp(-r)
    r += 1.0
    r *= decay
    return r, (decay, s, q)


def radial_slopes(parts):
    """Return the derivatives of :func:`radial` in the two log squared scales."""
    decay, s, q = parts
    half = 0.5 * decay
    return half * s, half * q


def separable(s, q):
    """Return ``(1 + a) (1 + b) exp(-a - b)`` with ``a = sqrt(s)`` and ``b = sqrt(q)``."""
    a, b = np.sqrt(s), np.sqrt(q)
    decay = np.exp(-(a + b))
    return (1.0 + a) * (1.0 + b) * decay, (decay, a, b)


def separable_slopes(parts):
    """Return the derivatives of :func:`separable` in the two log squared scales."""
    decay, a, b = parts
    half = 0.5 * decay
    return half * a * a * (1.0 + b), half * b * b * (1.0 + a)


VALUE = {"radial": radial, "separable": separable}
SLOPES = {"radial": radial_slopes, "separable": separable_slopes}
