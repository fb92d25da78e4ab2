"""Mixtures of two spectra of the same class."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import ObjectError
from skastro.utils.interpolation import interpolate_linear
from skastro.utils.ragged import (
    flatten,
    keep_rows,
    nest,
    row_numbers,
    segment_first,
    segment_ids,
    segment_median,
    sort_rows,
    take_objects,
)
from skastro.utils.random import RandomState, as_generator

_ROUNDS = 30


def mix_spectra(
    X: pd.DataFrame,
    first: ArrayLike,
    second: ArrayLike,
    weight: ArrayLike,
    *,
    redshift_column: str = "redshift",
    phase_column: str | None = "phase",
    column: str = "spectrum",
    lightcurve: str = "lightcurve",
) -> NestedFrame:
    r"""Make convex combinations of pairs of spectra in the rest frame, at the mixed redshift.

    .. math:: f = m_1 \left[w \frac{f_1}{m_1} + (1 - w) \frac{f_2}{m_2}\right],\quad
        z = w z_1 + (1 - w) z_2

    on the rest wavelengths of the first spectrum that the second covers, where `m` are the medians
    of the absolute fluxes there; errors add in quadrature.  The phase is mixed like the redshift.
    All other columns are those of the first object, and its light curve is moved to the new
    redshift: days since its first observation are multiplied by :math:`(1 + z) / (1 + z_1)`,
    fluxes by :math:`z_1^2 (1 + z_1) / z^2 (1 + z)` [1]_.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with spectra in the observer's frame.

    first, second : array-like of int of shape (n_mixes,)
        Rows of `X`.

    weight : array-like of shape (n_mixes,)
        Weight of the first spectrum, between 0 and 1.

    redshift_column, phase_column : str, default="redshift", "phase"
        Static columns; the phase is mixed if `X` has it.

    column, lightcurve : str, default="spectrum", "lightcurve"
        Nested columns; the light curve is moved if `X` has it.

    Returns
    -------
    X_new : NestedFrame of shape (n_mixes, n_columns)
        The mixtures, indexed like the first objects.

    Raises
    ------
    ObjectError
        A spectrum of a pair has no redshift above -1.

    References
    ----------
    .. [1] Sharma et al. 2024, arXiv:2412.08601.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.augmentation import mix_spectra
    >>> from skastro.utils.ragged import flatten, nest
    >>> rows = {"wavelength": [4000.0, 5000.0] * 2, "flux": [1.0, 3.0, 6.0, 2.0]}
    >>> X = NestedFrame({"redshift": [0.0, 0.0]}).assign(spectrum=nest([0, 2, 4], rows))
    >>> new = mix_spectra(X, [0], [1], [0.5])
    >>> flatten(new["spectrum"])[1]["flux"].tolist()
    [2.0, 2.0]
    """
    first, second = np.asarray(first, np.intp), np.asarray(second, np.intp)
    weight = np.asarray(weight, float)
    z = X[redshift_column].to_numpy(float)
    used = np.unique(np.append(first, second))
    unknown = used[~(z[used] > -1)]
    if len(unknown):
        raise ObjectError(f"mix_spectra: no {redshift_column!r} above -1", X.index[unknown])
    new_z = weight * z[first] + (1 - weight) * z[second]
    offsets, rows = _mix(flatten(X[column]), z, first, second, weight, new_z)
    static = NestedFrame(X.drop(columns=column)).iloc[first]
    new: dict[str, Any] = {redshift_column: new_z, column: nest(offsets, rows, static.index)}
    if phase_column is not None and phase_column in X.columns:
        days = X[phase_column].to_numpy(float)
        new[phase_column] = weight * days[first] + (1 - weight) * days[second]
    if lightcurve in X.columns:
        offsets, rows = flatten(static[lightcurve])
        offsets, rows = _move(offsets, rows, z[first], new_z)
        new[lightcurve] = nest(offsets, rows, static.index)
    return static.assign(**new)[list(X.columns)]


def _mix(spectra, z, first, second, weight, new_z):
    """Return offsets and rows of the mixtures."""
    offsets, rows = spectra
    rows = sort_rows(offsets, rows, "wavelength")
    offsets, rows = keep_rows(offsets, rows, np.isfinite(rows["flux"]))
    offsets_1, rows_1 = take_objects(offsets, rows, first)
    offsets_2, rows_2 = take_objects(offsets, rows, second)
    owner_1, owner_2 = segment_ids(offsets_1), segment_ids(offsets_2)
    x_1 = rows_1["wavelength"] / (1 + z[first])[owner_1]
    x_2 = rows_2["wavelength"] / (1 + z[second])[owner_2]
    names = [name for name in ("flux", "flux_err") if name in rows]
    other = {
        name: interpolate_linear(offsets_2, x_2, rows_2[name].astype(float), offsets_1, x_1)
        for name in names
    }
    common = np.isfinite(other["flux"])
    new_offsets, parts = keep_rows(
        offsets_1, rows_1 | {f"_{name}": values for name, values in other.items()}, common
    )
    parts["wavelength"] = x_1[common] * (1 + new_z)[segment_ids(new_offsets)]
    new = _mix_rows(new_offsets, parts, weight)
    return new_offsets, {name: new[name].astype(rows[name].dtype) for name in rows}


def _mix_rows(offsets, parts, weight):
    """Mix the flux of each row with that of the other spectrum, in ``_flux``."""
    owner = segment_ids(offsets)
    m_1, m_2 = (segment_median(offsets, np.abs(parts[n])) for n in ("flux", "_flux"))
    with np.errstate(divide="ignore", invalid="ignore"):
        share = ((1 - weight) * m_1 / m_2)[owner]
    weight = weight[owner]
    new = {**parts, "flux": weight * parts["flux"] + share * parts["_flux"]}
    if "flux_err" in parts:
        new["flux_err"] = np.hypot(weight * parts["flux_err"], share * parts["_flux_err"])
    return new


def _move(offsets, rows, z, new_z):
    """Move light curves from their redshifts to new ones."""
    owner = segment_ids(offsets)
    first = segment_first(offsets, rows["time"])
    stretch = (1 + new_z) / (1 + z)
    moved = {"time": first[owner] + (rows["time"] - first[owner]) * stretch[owner]}
    positive = (z > 0) & (new_z > 0)
    near, far = np.where(positive, z, 1.0), np.where(positive, new_z, 1.0)
    factor = np.where(positive, near**2 * (1 + near) / (far**2 * (1 + far)), 1.0)
    for name in {"flux", "flux_err"} & set(rows):
        moved[name] = (rows[name] * factor[owner]).astype(rows[name].dtype)
    for name in {"mag"} & set(rows):
        moved[name] = rows[name] - 2.5 * np.log10(factor)[owner]
    return offsets, rows | moved


def rest_ranges(
    X: pd.DataFrame, *, redshift_column: str = "redshift", column: str = "spectrum"
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the first and last rest wavelength with a finite flux of each spectrum.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with spectra in the observer's frame.

    redshift_column : str, default="redshift"
        Static column with the redshift.

    column : str, default="spectrum"
        Nested column with the spectra.

    Returns
    -------
    low, high : ndarray of shape (n_objects,)
        In Angstrom; NaN without flux or redshift.

    Examples
    --------
    >>> from nested_pandas import NestedFrame
    >>> from skastro.augmentation import rest_ranges
    >>> from skastro.utils.ragged import nest
    >>> rows = {"wavelength": [4400.0, 5500.0], "flux": [1.0, 3.0]}
    >>> X = NestedFrame({"redshift": [0.1]}).assign(spectrum=nest([0, 2], rows))
    >>> [limit.round(6).tolist() for limit in rest_ranges(X)]
    [[4000.0], [5000.0]]
    """
    offsets, rows = flatten(X[column], ["wavelength", "flux"])
    rows = sort_rows(offsets, rows, "wavelength")
    offsets, rows = keep_rows(offsets, rows, np.isfinite(rows["flux"]))
    wavelength = rows["wavelength"].astype(float)
    place = row_numbers(offsets)
    last = place == np.repeat(np.diff(offsets), np.diff(offsets)) - 1
    stretch = 1 + X[redshift_column].to_numpy(float)
    stretch = np.where(stretch > 0, stretch, np.nan)
    low, high = (segment_first(offsets, wavelength, mask) for mask in (place == 0, last))
    return low / stretch, high / stretch


def draw_pairs(
    candidates: NDArray[np.integer],
    groups: NDArray,
    shares: Mapping[Any, float],
    low: NDArray[np.floating],
    high: NDArray[np.floating],
    n_pairs: int,
    *,
    min_overlap: float = 0.8,
    random_state: RandomState = None,
) -> NDArray[np.intp]:
    """Draw pairs of spectra of the same group that cover the same wavelengths.

    Parameters
    ----------
    candidates : ndarray of int of shape (n_candidates,)
        Spectra to draw from.

    groups : ndarray of shape (n_candidates,)
        Group of each candidate, such as before or after the peak.

    shares : dict of group -> float
        Relative number of pairs of each group; a group with fewer than two candidates has none.

    low, high : ndarray of shape (n_spectra,)
        Covered range of every spectrum.

    n_pairs : int
        Number of pairs.

    min_overlap : float, default=0.8
        Minimum fraction of the range of the first spectrum that the second covers.

    random_state : int, Generator, RandomState or None, default=None
        Seed or source of the random numbers.

    Returns
    -------
    first, second : ndarray of int
        At most `n_pairs`; fewer if few pairs overlap.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.augmentation import draw_pairs
    >>> low, high = np.array([4000.0, 4000.0, 9000.0]), np.array([8000.0, 8000.0, 9500.0])
    >>> groups, shares = np.array(["a", "a", "a"]), {"a": 1}
    >>> pairs = draw_pairs(np.arange(3), groups, shares, low, high, 9, random_state=0)
    >>> sorted(set(pairs[0].tolist() + pairs[1].tolist()))
    [0, 1]
    """
    rng = as_generator(random_state)
    members = {g: candidates[groups == g] for g, share in shares.items() if share > 0}
    members = {g: own for g, own in members.items() if len(own) > 1}
    found = [np.empty((0, 2), np.intp)]
    if not members:
        return found[0].T
    weights = np.array([shares[g] for g in members], float)
    sizes = np.array([len(own) for own in members.values()])
    starts = np.concatenate([[0], np.cumsum(sizes)])
    pool = np.concatenate(list(members.values()))
    missing = n_pairs
    for _ in range(_ROUNDS):
        group = rng.choice(len(sizes), 2 * missing + 10, p=weights / weights.sum())
        place = rng.integers(0, sizes[group])
        # Never the same spectrum: the step is less than the number of members.
        other = (place + rng.integers(1, sizes[group])) % sizes[group]
        i, j = pool[starts[group] + place], pool[starts[group] + other]
        overlap = np.minimum(high[i], high[j]) - np.maximum(low[i], low[j])
        good = overlap >= min_overlap * (high[i] - low[i])
        found.append(np.stack([i[good], j[good]], axis=1)[:missing])
        missing -= len(found[-1])
        if missing == 0:
            break
    return np.concatenate(found).T
