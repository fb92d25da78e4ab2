"""Rules of the ascent for compiled functions of one object."""

from numba.extending import overload, register_jitable

from skastro.gaussian_process import _ascent

for rule in _ascent.RULES:
    register_jitable(rule)


@overload(_ascent.choose)
def _choose(condition, one, other):
    return lambda condition, one, other: one if condition else other
