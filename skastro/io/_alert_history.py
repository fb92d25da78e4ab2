"""Light curves from the measurements in alert packets."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skastro.io._alert_layouts import NANOJANSKY, AlertLayout, field_names
from skastro.utils.missing import mask_magnitudes
from skastro.utils.photometry import is_detected, magnitude_to_flux

_ZERO_POINT = 27.5
# `diffmaglim` is the magnitude of 5 sigma.
_LIMIT_SIGMA = 5.0
_FORCED_SIGMA = 5.0
_FLUXCAL = 10 ** (0.4 * (_ZERO_POINT - NANOJANSKY))
# ZTF's forced photometry writes -99999 where it has no flux.
_BLANK_FLUX = -99998.0
# `isdiffpos` as ZTF writes it, and as tables do that made it a flag, a number or a float.
_SIGNS = dict.fromkeys(("t", "true", "1", "1.0", "+1"), 1.0) | dict.fromkeys(
    ("f", "false", "0", "0.0", "-1", "-1.0"), -1.0
)
# No warning, and no reference source within 5 arcsec (ZTF forced-photometry guide).
_GOOD_STATUS = ("0", "57")
_SAME_DATE = 1e-5
# At one date and band the lowest rank counts.
_DETECTION, _FORCED, _LIMIT = 0, 1, 2


class History(NamedTuple):
    """Measurements of a table of alerts.

    Attributes
    ----------
    alert : ndarray of int of shape (n_rows,)
        Row of the table that each measurement belongs to.

    rows : dict of str -> ndarray of shape (n_rows,)
        time [MJD], band, flux, flux_err [FLUXCAL], detected, and rank: of measurements at one
        date and band the one of the lowest rank counts.

    faults : dict of int -> str
        Reason by row of the table whose measurements cannot be read.
    """

    alert: NDArray
    rows: dict
    faults: dict


def read_history(table: pa.Table, layout: AlertLayout, forced: bool = True) -> History:
    """Return all measurements of a table of alerts.

    Parameters
    ----------
    table : pyarrow.Table
        One row per alert.

    layout : AlertLayout
        Names of the fields.

    forced : bool, default=True
        Whether to read forced photometry.

    Returns
    -------
    history : History
    """
    faults: dict[int, str] = {}
    source = table[layout.source].combine_chunks()
    parts = [_measurements(np.arange(len(table)), source, layout, layout.source, faults)]
    for name in (layout.history, layout.forced if forced else None):
        found = _exploded(table, name)
        if found is not None:
            is_forced = name == layout.forced
            read = _forced_photometry if is_forced and layout.flux is None else _measurements
            part = read(found[0], found[1], layout, str(name), faults)
            parts.append(_as_forced(part) if is_forced else part)
    alert = np.concatenate([part.pop("alert") for part in parts])
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keep = np.isfinite(rows["time"]) & np.isfinite(rows["flux"]) & np.isfinite(rows["flux_err"])
    keep &= rows["band"] != ""
    return History(alert[keep], {name: values[keep] for name, values in rows.items()}, faults)


def sort_history(alert: NDArray, rows: dict) -> tuple[NDArray, dict]:
    """Sort by alert, time and band, and keep the lowest rank of each date and band."""
    band = rows["band"].astype(str)
    order = np.lexsort((rows["time"], band, alert))
    breaks = np.ones(len(order), bool)
    breaks[1:] = (alert[order][1:] != alert[order][:-1]) | (band[order][1:] != band[order][:-1])
    breaks[1:] |= np.diff(rows["time"][order]) > _SAME_DATE
    group = np.empty(len(order), int)
    group[order] = np.cumsum(breaks)
    best = np.lexsort((rows["rank"], group))
    best = best[np.append(True, np.diff(group[best]) > 0)[: len(best)]]
    best = best[np.lexsort((band[best], rows["time"][best], alert[best]))]
    return alert[best], {name: v[best] for name, v in rows.items() if name != "rank"}


def _exploded(table: pa.Table, name: str | None) -> tuple | None:
    """Return the alerts and structs of a list column; None if it holds none."""
    if name not in table.column_names:
        return None
    lists = table[name].combine_chunks()
    is_list = pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type)
    if not is_list or not pa.types.is_struct(lists.type.value_type):
        return None
    return pc.list_parent_indices(lists).to_numpy(), pc.list_flatten(lists)


def numbers_of(structs: pa.StructArray, name: str) -> NDArray:
    """Return a field as float64, NaN where it is null or absent."""
    if name not in field_names(structs.type):
        return np.full(len(structs), np.nan)
    return pc.cast(pc.struct_field(structs, name), pa.float64()).to_numpy(zero_copy_only=False)


def _texts(structs: pa.StructArray, name: str) -> NDArray:
    """Return a field as str, "" where it is null or absent."""
    if name not in field_names(structs.type):
        return np.full(len(structs), "", object)
    values = pc.struct_field(structs, name)
    if pa.types.is_null(values.type):
        return np.full(len(structs), "", object)
    encoded = pc.dictionary_encode(values)
    words = ["" if pd.isna(v) else str(v).strip() for v in encoded.dictionary.to_pylist()]
    return np.array([*words, ""], object)[pc.fill_null(encoded.indices, len(words)).to_numpy()]


def _measurements(
    alert: NDArray, structs: pa.StructArray, layout: AlertLayout, where: str, faults: dict
) -> dict:
    if layout.flux is None:
        flux, flux_err, detected = _from_magnitudes(alert, structs, where, faults)
    else:
        flux, flux_err = (
            _FLUXCAL * numbers_of(structs, str(name)) for name in (layout.flux, layout.flux_err)
        )
        detected = np.isfinite(flux)
    return {
        **_dates(alert, structs, layout, where, faults),
        "flux": flux,
        "flux_err": np.where(flux_err > 0, flux_err, np.nan),
        "detected": detected,
        "rank": np.where(detected, _DETECTION, _LIMIT),
    }


def _dates(
    alert: NDArray, structs: pa.StructArray, layout: AlertLayout, where: str, faults: dict
) -> dict:
    band = _texts(structs, layout.band)
    if layout.bands:
        names = {str(number): name for number, name in layout.bands.items()}
        # A null among the numbers of filters makes floats of them.
        band = np.array([text.removesuffix(".0") for text in band], object)
        unknown = [i for i, text in enumerate(band) if text and text not in names]
        _note(faults, alert, unknown, lambda i: f"{where}: {layout.band} {band[i]!r} is unknown")
        band = np.array([names.get(text, "") for text in band], object)
    time = numbers_of(structs, layout.time) - layout.time_zero
    return {"alert": alert, "time": time, "band": band}


def _from_magnitudes(
    alert: NDArray, structs: pa.StructArray, where: str, faults: dict
) -> tuple[NDArray, NDArray, NDArray]:
    """Return signed fluxes of detections, and 0 with a fifth of the limit of non-detections."""
    magnitude, error = (_magnitudes(structs, name) for name in ("magpsf", "sigmapsf"))
    limit, _ = magnitude_to_flux(_magnitudes(structs, "diffmaglim"), np.zeros(len(magnitude)))
    detected = np.isfinite(magnitude)
    codes = _texts(structs, "isdiffpos")
    sign = np.array([_SIGNS.get(code.lower(), np.nan) for code in codes])
    unknown = np.flatnonzero(detected & np.isnan(sign))
    _note(
        faults,
        alert,
        unknown,
        lambda i: f"{where}: isdiffpos is {codes[i] or None!r}, not one of t, f, 1, 0, true, false",
    )
    flux, flux_err = magnitude_to_flux(magnitude, error)
    return (
        np.where(detected, sign * flux, 0.0),
        np.where(detected, flux_err, limit / _LIMIT_SIGMA),
        detected,
    )


def _magnitudes(structs: pa.StructArray, name: str) -> NDArray:
    return mask_magnitudes(numbers_of(structs, name))


def _forced_photometry(
    alert: NDArray, structs: pa.StructArray, layout: AlertLayout, where: str, faults: dict
) -> dict:
    """Return ZTF's forced photometry, whose fluxes have a zero point per image."""
    scale = 10 ** (0.4 * (_ZERO_POINT - _magnitudes(structs, "magzpsci")))
    flux, flux_err = (numbers_of(structs, f"forcediffimflux{end}") for end in ("", "unc"))
    status = _texts(structs, "procstatus")
    usable = (flux > _BLANK_FLUX) & (flux_err > 0)
    usable &= np.isin(status.astype(str), [*_GOOD_STATUS, ""])
    return {
        **_dates(alert, structs, layout, where, faults),
        "flux": np.where(usable, scale * flux, np.nan),
        "flux_err": np.where(usable, scale * flux_err, np.nan),
    }


def _as_forced(part: dict) -> dict:
    """Mark forced fluxes that exceed their noise as detected."""
    brightness = {name: part[name] for name in ("flux", "flux_err")}
    detected = is_detected(brightness, min_snr=_FORCED_SIGMA)
    return part | {"detected": detected, "rank": np.full(len(detected), _FORCED)}


def _note(faults: dict, alert: NDArray, rows: list[int] | NDArray, describe) -> None:
    """Keep the first fault of each alert."""
    for i in rows:
        faults.setdefault(int(alert[i]), describe(i))


def first_detections(alert: NDArray, rows: dict, n_alerts: int) -> NDArray:
    """Return the date of the first detection of each alert, NaN without one."""
    first = np.full(n_alerts, np.inf)
    np.minimum.at(first, alert[rows["detected"]], rows["time"][rows["detected"]])
    return np.where(np.isfinite(first), first, np.nan)
