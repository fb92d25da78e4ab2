"""Engines compiled by numba: dense for the radial kernel, linear in time for the separable one.

Each is one compiled entry in a module of its own, so that a job compiles or loads only what it
uses; see :func:`skastro.utils.compiled.compiled` for where the machine code is kept.
"""

from skastro.gaussian_process._compiled._solve import solve

__all__ = ["solve"]
