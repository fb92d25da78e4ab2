"""Light curves out of the measurements in alert packets."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from skastro.io._alert_layouts import NANOJANSKY
from skastro.utils.photometry import magnitude_to_flux

_LIMIT_SIGMA = 5.0
_FLUXCAL = 10 ** (0.4 * (27.5 - NANOJANSKY))


def history_rows(table, layout):
    """Return all measurements, with the row of the alert that each belongs to.

    Parameters
    ----------
    table : pyarrow.Table
        One row an alert.

    layout : AlertLayout
        Its names.

    Returns
    -------
    alert : ndarray of int of shape (n_rows,)

    rows : dict of str -> ndarray
        time [MJD], band (text), flux, flux_err (FLUXCAL) and detected, sorted by alert and time;
        one row a date and band.
    """
    parts = [
        _measurements(np.arange(len(table)), table[layout.source].combine_chunks(), layout, True)
    ]
    for name in layout.history:
        found = _exploded(table, name)
        if found is not None:
            is_detection = "Forced" not in name
            parts.append(_measurements(*found, layout, is_detection))
    alert = np.concatenate([part.pop("alert") for part in parts])
    rows = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
    keep = np.isfinite(rows["time"]) & np.isfinite(rows["flux"]) & np.isfinite(rows["flux_err"])
    alert, rows = alert[keep], {name: values[keep] for name, values in rows.items()}
    return _sorted(alert, rows)


def _exploded(table, name):
    """Alerts and structs of a list column; None where there is nothing in it."""
    if name not in table.column_names:
        return None
    lists = table[name].combine_chunks()
    is_list = pa.types.is_list(lists.type) or pa.types.is_large_list(lists.type)
    if not is_list or not pa.types.is_struct(lists.type.value_type):
        return None
    return pc.list_parent_indices(lists).to_numpy(), pc.list_flatten(lists)


def _measurements(alert, structs, layout, is_detection):
    def numbers(name):
        return pc.cast(pc.struct_field(structs, name), pa.float64()).to_numpy(zero_copy_only=False)

    band = pc.struct_field(structs, layout.band).to_numpy(zero_copy_only=False)
    if layout.bands:
        band = np.array([layout.bands.get(number, str(number)) for number in band.tolist()], object)
    if layout.flux is None:
        flux, flux_err, detected = _from_magnitudes(structs, numbers)
    else:
        flux, flux_err = (_FLUXCAL * numbers(name) for name in (layout.flux, layout.flux_err))
        detected = np.full(len(flux), is_detection)
    return {
        "alert": alert,
        "time": numbers(layout.time) - layout.time_zero,
        "band": band,
        "flux": flux,
        "flux_err": flux_err,
        "detected": detected,
    }


def _from_magnitudes(structs, numbers):
    """Signed fluxes of detections; zero with a fifth of the limit where there is none."""
    magnitude, error = numbers("magpsf"), numbers("sigmapsf")
    sign = pc.struct_field(structs, "isdiffpos").to_numpy(zero_copy_only=False).astype(str)
    detected = np.isfinite(magnitude)
    flux, flux_err = magnitude_to_flux(magnitude, error)
    flux = np.where(np.isin(sign, ["t", "1", "true", "True"]), flux, -flux)
    limit, _ = magnitude_to_flux(numbers("diffmaglim"), np.zeros(len(magnitude)))
    return (
        np.where(detected, flux, 0.0),
        np.where(detected, flux_err, limit / _LIMIT_SIGMA),
        detected,
    )


def _sorted(alert, rows):
    """Sort by alert and time, and keep the first of those of one date and band."""
    order = np.lexsort((rows["band"].astype(str), rows["time"], alert))
    alert, rows = alert[order], {name: values[order] for name, values in rows.items()}
    same = np.zeros(len(alert), bool)
    same[1:] = alert[1:] == alert[:-1]
    for name in ("time", "band"):
        same[1:] &= rows[name][1:] == rows[name][:-1]
    return alert[~same], {name: values[~same] for name, values in rows.items()}
