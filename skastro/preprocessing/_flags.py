"""Bits of PHOTFLAG by the names that a survey gives them."""

import numpy as np

from skastro.surveys import get_survey


def flag_bits(wanted, survey, owner):
    """Return one bit mask of a number, of a name, or of several names of bits.

    Parameters
    ----------
    wanted : int, str or sequence of str
        A bit mask, or names in ``get_survey(survey).photflag``.

    survey : str or Survey
        Defines the names.

    owner : str
        Estimator that asks, for the message.

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
    if not isinstance(wanted, (str, list, tuple)):
        return int(wanted)
    known = get_survey(survey)
    bits = 0
    for name in [wanted] if isinstance(wanted, str) else wanted:
        if name not in known.photflag:
            raise ValueError(
                f"{owner}: survey {known.name} defines no PHOTFLAG bit {name!r}, "
                f"only {sorted(known.photflag)}"
            )
        bits |= known.photflag[name]
    return bits


def has_bits(photflag, bits):
    """Say which observations have one of the `bits`; a missing PHOTFLAG has none.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.preprocessing._flags import has_bits
    >>> has_bits(np.array([6144.0, 0.0, np.nan]), 4096).tolist()
    [True, False, False]
    """
    photflag = np.asarray(photflag)
    if photflag.dtype.kind == "f":
        photflag = np.nan_to_num(photflag).astype(np.int64)
    return (photflag & bits) != 0
