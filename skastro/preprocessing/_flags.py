"""PHOTFLAG bits by the names that a survey gives them."""

from collections.abc import Sequence
from numbers import Integral

import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.surveys import Survey, get_survey


def flag_bits(wanted: int | str | Sequence[str], survey: str | Survey, name: str) -> int:
    """Return one bit mask for a number, a name, or several names of bits.

    Parameters
    ----------
    wanted : int, str or sequence of str
        A bit mask, or names in ``get_survey(survey).photflag``.

    survey : str or Survey
        Defines the names.

    name : str
        Estimator named in the error.

    Returns
    -------
    bits : int

    Raises
    ------
    ValueError
        The survey defines no such name; the message lists those that it does.

    Examples
    --------
    >>> from skastro.preprocessing._flags import flag_bits
    >>> flag_bits(["saturated", "trigger"], "LSST", "x")
    3072
    """
    if isinstance(wanted, int | Integral):
        return int(wanted)
    known = get_survey(survey)
    bits = 0
    for bit in [wanted] if isinstance(wanted, str) else wanted:
        if bit not in known.photflag:
            raise ValueError(
                f"{name}: survey {known.name} defines no PHOTFLAG bit {bit!r}, "
                f"only {sorted(known.photflag)}"
            )
        bits |= known.photflag[bit]
    return bits


def has_bits(photflag: ArrayLike, bits: int) -> NDArray[np.bool_]:
    """Return which observations have one of the `bits`; a missing PHOTFLAG has none.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing._flags import has_bits
    >>> has_bits(np.array([6144.0, 0.0, np.nan]), 4096).tolist()
    [True, False, False]
    """
    flags = np.asarray(photflag)
    if flags.dtype.kind == "f":
        flags = np.nan_to_num(flags)
    # A mask beyond the type of the column, such as one byte, is not an error but is not set.
    return (flags.astype(np.int64) & bits) != 0
