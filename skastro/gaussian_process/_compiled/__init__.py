"""Engine compiled by numba: the same algorithm as the NumPy engine, without temporary arrays.

Compiled code is cached in ``__pycache__``.  The cache of a function notices changes of its own file
but not of the functions it calls in other files: after an edit delete ``__pycache__/*.nbi``.
Two things decide whether a loop becomes vectors: arrays must be C-contiguous for the compiler
(``a[i][first:]``, not ``a[i, first:]``), and rows that are written need constant indices.
"""

from skastro.gaussian_process._compiled._solve import solve

__all__ = ["solve"]
