"""Steps shared by all readers of light curves: flags, trigger, fields, columns, bands."""

import warnings
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.exceptions import ObjectWarning, name_objects
from skastro.surveys import UNKNOWN_BAND, Survey
from skastro.utils.columns import STANDARD_COLUMNS
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import flatten, nest, segment_first


def add_flags(
    rows: dict, offsets: NDArray, statics: dict[str, NDArray], survey: Survey | None
) -> None:
    """Add the field ``detected`` and, where no object has one, the trigger times from PHOTFLAG.

    Parameters
    ----------
    rows : dict of ndarray
        Fields of the observations, sorted by time; a field ``detected`` is not changed.

    offsets : ndarray of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    statics : dict of ndarray
        Static columns; ``trigger_time`` is replaced if all its values are missing.

    survey : Survey or None
        Defines the bits; nothing is added without it.
    """
    bits = survey.photflag if survey is not None and "photflag" in rows else {}
    if "detection" in bits and "detected" not in rows:
        rows["detected"] = (rows["photflag"] & bits["detection"]) != 0
    first_bit = bits.get("trigger", bits.get("detection"))
    known = statics.get("trigger_time", np.full(len(offsets) - 1, np.nan))
    if first_bit is None or np.isfinite(known).any():
        return
    flagged = (rows["photflag"] & first_bit) != 0
    trigger = segment_first(offsets, rows["time"], flagged)
    if first_bit != bits.get("detection") and "detected" in rows:
        first_detection = segment_first(offsets, rows["time"], rows["detected"])
        trigger = np.where(np.isnan(trigger), first_detection, trigger)
    statics["trigger_time"] = trigger


def join_frames(frames: Sequence[pd.DataFrame]) -> NestedFrame:
    """Join the frames of several files; nested fields and columns are those of all of them.

    PHOTFLAG is 0 for the objects of files without it, and ``detected`` follows the rule of
    :func:`skastro.utils.photometry.is_detected`.

    Returns
    -------
    X : NestedFrame
        Standard columns first, further ones, ``type``, and ``lightcurve`` last.
    """
    filled = [frame for frame in frames if len(frame)] or list(frames[:1])
    X = filled[0] if len(filled) == 1 else pd.concat(_with_same_fields(filled))
    last = [name for name in ("type", "lightcurve") if name in X.columns]
    return NestedFrame(X[[*(name for name in X.columns if name not in last), *last]])


def with_standard_columns(columns: Mapping[str, NDArray], n_objects: int) -> dict:
    """Return columns with all standard ones first and in order; unknown ones are NaN."""
    blank = {name: np.full(n_objects, np.nan) for name in STANDARD_COLUMNS}
    standard = {name: columns.get(name, values) for name, values in blank.items()}
    return standard | {name: v for name, v in columns.items() if name not in standard}


def warn_of_unknown_bands(X: pd.DataFrame, survey: Survey, owner: str) -> None:
    """Warn once of the bands that are not of a survey.

    Warns
    -----
    ObjectWarning
        Names the bands and counts their observations.
    """
    bands = flatten(X["lightcurve"], ["band"])[1]["band"]
    unknown = survey.canonical_bands(bands) == UNKNOWN_BAND
    if unknown.any():
        names = sorted(set(np.asarray(bands[unknown].astype(object), str)))
        warnings.warn(
            f"{owner}: {int(unknown.sum())} observations are in bands that survey {survey.name} "
            f"does not have: {name_objects(names)}; known bands: {', '.join(survey.wavelengths)}",
            ObjectWarning,
            stacklevel=3,
        )


def _with_same_fields(frames):
    kinds = [frame["lightcurve"].dtype.column_dtypes for frame in frames]
    if all(kind == kinds[0] for kind in kinds):
        return frames
    fields = list({name: None for kind in kinds for name in kind})
    return [_fill_frame(frame, fields) for frame in frames]


def _fill_frame(frame, fields):
    offsets, rows = flatten(frame["lightcurve"])
    rows = fill_fields(rows, fields)
    rows |= {name: rows[name].astype(np.float64) for name in ("flux", "flux_err")}
    return frame.assign(lightcurve=nest(offsets, rows, frame.index))


def fill_fields(rows: Mapping, fields: Sequence[str]) -> dict:
    """Return the rows with all of `fields`, in their order, see :func:`join_frames`."""
    n_rows = len(rows["flux"])
    blank = {
        "photflag": np.zeros(n_rows, np.int32),
        "detected": is_detected({name: rows[name] for name in ("flux", "flux_err")}),
    }
    return {name: rows.get(name, blank.get(name, np.full(n_rows, np.nan))) for name in fields}
