"""Random numbers."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np

RandomState: TypeAlias = None | int | Sequence[int] | np.random.RandomState | np.random.Generator
"""Whatever scikit-learn or NumPy accepts as a random state."""


def as_generator(random_state: RandomState) -> np.random.Generator:
    """Return a Generator for whatever scikit-learn or NumPy calls a random state.

    Parameters
    ----------
    random_state : int, sequence of int, Generator, RandomState or None
        None means fresh entropy; a Generator is returned unchanged; a RandomState draws a seed.

    Returns
    -------
    generator : numpy.random.Generator

    Raises
    ------
    ValueError
        It is of another type.

    Examples
    --------
    >>> from skastro.utils.random import as_generator
    >>> bool(as_generator(3).random() == as_generator(3).random())
    True
    """
    if isinstance(random_state, np.random.RandomState):
        return np.random.default_rng(random_state.randint(2**32, dtype=np.uint32))
    try:
        return np.random.default_rng(random_state)
    except (TypeError, ValueError):
        raise ValueError(
            f"random_state={random_state!r} is not a seed, RandomState or Generator"
        ) from None
