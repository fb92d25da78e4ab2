"""Numbers that depend on the content of an object alone."""

import numpy as np
from numpy.typing import NDArray

_STEP = np.uint64(0x9E3779B97F4A7C15)
_FACTORS = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def mix(numbers: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Scramble 64-bit integers so that similar ones become unrelated (SplitMix64).

    Parameters
    ----------
    numbers : ndarray of uint64 of any shape
        Integers.

    Returns
    -------
    scrambled : ndarray of uint64 of the same shape

    References
    ----------
    .. [1] G. Steele, D. Lea, C. Flood, "Fast splittable pseudorandom number generators",
       OOPSLA 2014, doi:10.1145/2660193.2660195.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs._keys import mix
    >>> hex(mix(np.array([0], np.uint64))[0])
    '0xe220a8397b1dcdaf'
    """
    numbers = numbers + _STEP
    numbers = (numbers ^ (numbers >> np.uint64(30))) * _FACTORS[0]
    numbers = (numbers ^ (numbers >> np.uint64(27))) * _FACTORS[1]
    return numbers ^ (numbers >> np.uint64(31))


def value_keys(values: NDArray) -> NDArray[np.uint64]:
    """Return one number per row of a table of numbers, read as float32.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_columns)
        Numbers; NaN is a value like any other.

    Returns
    -------
    keys : ndarray of uint64 of shape (n_rows,)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network.inputs._keys import value_keys
    >>> keys = value_keys(np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 2.0]]))
    >>> bool(keys[0] == keys[2]), bool(keys[0] == keys[1])
    (True, False)
    """
    # Adding 0 turns -0.0 into 0.0, which is the same number with other bits.
    values = np.asarray(values, np.float32) + np.float32(0)
    values = np.where(np.isnan(values), np.float32(np.nan), values)
    bits = np.ascontiguousarray(values).view(np.uint32).astype(np.uint64)
    column = mix(np.arange(bits.shape[1], dtype=np.uint64))
    return mix(bits ^ column).sum(axis=1, dtype=np.uint64)
