"""Bands by their names, through the survey where there is one."""

import warnings
from collections.abc import Collection, Iterable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skastro.exceptions import ObjectWarning, name_objects
from skastro.surveys import UNKNOWN_BAND, Survey, get_survey
from skastro.utils.ragged import keep_rows, segment_ids


def find_bands(
    band: pd.Categorical, bands: Iterable[str] | None = None, survey: str | Survey | None = None
) -> list[str]:
    """Return the bands of the output of a step: those requested, or those that occur, sorted.

    Parameters
    ----------
    band : Categorical of shape (n_rows,)
        Band of each observation.

    bands : iterable of str, default=None
        Requested bands, in their order.

    survey : str or Survey, default=None
        Survey whose own names replace other spellings such as "ztfg"; bands that it does not have
        are left out of those that occur.

    Returns
    -------
    bands : list of str

    Raises
    ------
    KeyError
        The survey does not have a requested band.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.base import find_bands
    >>> find_bands(pd.Categorical(["ztfr", "g", "o"]), survey="ZTF")
    ['g', 'r']
    """
    if bands is not None:
        return [name if survey is None else get_survey(survey).band(name) for name in bands]
    names = _names(band, survey)
    found = names[np.unique(band.codes[band.codes >= 0])]
    return sorted(set(found) - ({UNKNOWN_BAND} if survey is not None else set()))


def number_bands(
    band: pd.Categorical, bands: Collection[str], survey: str | Survey | None = None
) -> NDArray[np.intp]:
    """Return the position in `bands` of the band of every observation, -1 for others.

    Parameters
    ----------
    band : Categorical of shape (n_rows,)
        Band of each observation.

    bands : collection of str
        Bands, as from :func:`find_bands`.

    survey : str or Survey, default=None
        Survey whose own names replace other spellings.

    Returns
    -------
    numbers : ndarray of int of shape (n_rows,)

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.base import number_bands
    >>> number_bands(pd.Categorical(["ztfr", "g", "o"]), ["g", "r"], "ZTF").tolist()
    [1, 0, -1]
    """
    position = {name: number for number, name in enumerate(bands)}
    table = [position.get(name, -1) for name in _names(band, survey)]
    # Code -1, a missing band, finds the entry at the end.
    return np.array([*table, -1], np.intp)[band.codes]


def take_known_bands(
    offsets: NDArray,
    rows: dict[str, Any],
    bands: Collection[str],
    survey: str | Survey | None,
    ids: pd.Index,
    name: str,
) -> tuple[NDArray, dict[str, Any], NDArray[np.intp]]:
    """Drop the observations in other bands, with one warning that counts them.

    Parameters
    ----------
    offsets, rows : as from :func:`skastro.utils.ragged.flatten`
        Light curves with the field ``band``.

    bands : collection of str
        Bands to keep.

    survey : str, Survey or None
        Survey whose own names replace other spellings.

    ids : Index of shape (n_objects,)
        Names of the objects.

    name : str
        Estimator named in the warning.

    Returns
    -------
    offsets, rows : as given
        The observations kept.

    numbers : ndarray of int of shape (n_rows,)
        Position in `bands` of each of them.

    Warns
    -----
    ObjectWarning
        Observations are dropped.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skastro.base import take_known_bands
    >>> rows = {"band": pd.Categorical(["LSST-r", "g"])}
    >>> ids = pd.Index(["SN1"])
    >>> take_known_bands(np.array([0, 2]), rows, ["g", "r"], "LSST", ids, "MyStep")[2].tolist()
    [1, 0]
    """
    numbers = number_bands(rows["band"], bands, survey)
    lost = numbers < 0
    if not lost.any():
        return offsets, rows, numbers
    where = pd.Series(np.asarray(rows["band"], object)[lost]).fillna("no band").value_counts()
    counts = ", ".join(f"{band}: {n}" for band, n in where.head(8).items())
    objects = ids[np.unique(segment_ids(offsets)[lost])]
    warnings.warn(
        f"{name}: {lost.sum()} of {len(lost)} observations are dropped, because their bands are "
        f"unknown ({counts}); known are {name_objects(bands)}.  They belong to "
        f"{name_objects(objects)}",
        ObjectWarning,
        stacklevel=4,
    )
    offsets, rows = keep_rows(offsets, rows, ~lost)
    return offsets, rows, numbers[~lost]


def check_bands(band: pd.Categorical, survey: str | Survey, name: str) -> None:
    """Raise KeyError if the survey has none of the bands that occur.

    Parameters
    ----------
    band : Categorical of shape (n_rows,)
        Band of each observation.

    survey : str or Survey
        The survey.

    name : str
        Estimator named in the error.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.base import check_bands
    >>> check_bands(pd.Categorical(["H"]), "ZTF", "MyStep")
    Traceback (most recent call last):
    ...
    KeyError: "MyStep: survey ZTF has none of the bands 'H'; known bands: g, r, i"
    """
    survey = get_survey(survey)
    if len(band) and (number_bands(band, survey.wavelengths, survey) < 0).all():
        found = name_objects(band.categories[np.unique(band.codes[band.codes >= 0])])
        known = ", ".join(survey.wavelengths)
        raise KeyError(
            f"{name}: survey {survey.name} has none of the bands {found}; known bands: {known}"
        )


def _names(band, survey):
    """Return the name of each category, the survey's own where it has the band."""
    names = np.asarray(band.categories, object)
    if survey is None:
        return names
    return np.array(get_survey(survey).canonical_names(names), object)
