"""Light curves in magnitudes, one CSV file per object."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._tables import read_csv
from skastro.utils.columns import FIELD_ALIASES, find_column, to_numbers
from skastro.utils.missing import mask_magnitudes
from skastro.utils.photometry import magnitude_to_flux

_FIELDS = ("time", "mag", "mag_err", "band")
_MJD_IN_JD = 2400000.5


def read_light_curve_csv(path: Path, zero_point: float) -> dict[str, NDArray]:
    """Return the fields of a light curve with the columns MJD (or JD), mag, emag and filter.

    Magnitudes that say missing, such as 99 and -999, become NaN, as do their fluxes.

    Raises
    ------
    FormatError
        A column is missing, the width of a row differs from that of the header, or a value is not a
        number.
    """
    table = read_csv(path)
    found = {name: find_column(table.columns, FIELD_ALIASES[name]) for name in _FIELDS}
    missing = [name for name, column in found.items() if column is None]
    if missing:
        known = list(table.columns)
        raise FormatError(f"{path}: no column of the {missing[0]} among {known}")
    rows = {name: to_numbers(name, table[found[name]]) for name in _FIELDS[:3]}
    if str(found["time"]).lower() == "jd":
        rows["time"] = rows["time"] - _MJD_IN_JD
    if not np.isfinite(rows["time"]).all():
        raise FormatError(f"{path}: an observation without a time")
    band = table[found["band"]]
    if band.isna().any():
        raise FormatError(f"{path}: an observation without a filter")
    rows |= {name: mask_magnitudes(rows[name]) for name in ("mag", "mag_err")}
    flux, flux_err = magnitude_to_flux(rows["mag"], rows["mag_err"], zero_point=zero_point)
    names = np.array([str(name).strip() for name in band], object)
    return {**rows, "band": names, "flux": flux, "flux_err": flux_err}
