"""Engine compiled by numba: the same algorithm as the NumPy engine, without temporary arrays."""

from skastro.gaussian_process._compiled._solve import solve

__all__ = ["solve"]
