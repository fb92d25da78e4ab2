"""Light curves in magnitudes, one CSV file an object."""

import numpy as np
import pandas as pd

from skastro.exceptions import FormatError
from skastro.io._spectrum_columns import find_column
from skastro.utils.photometry import magnitude_to_flux

_COLUMNS = {
    "time": ("mjd", "time", "jd"),
    "mag": ("mag", "magpsf", "magnitude"),
    "mag_err": ("emag", "mag_err", "magerr", "sigmapsf", "e_magnitude"),
    "band": ("filter", "band", "flt"),
}
_MJD_IN_JD = 2400000.5


def read_light_curve_csv(path, zero_point):
    """Return the fields of a light curve with the columns MJD (or JD), mag, emag and filter.

    Raises
    ------
    FormatError
        A column is missing, or a value is no number.
    """
    table = pd.read_csv(path, comment="#", skipinitialspace=True)
    found = {name: find_column(table.columns, aliases) for name, aliases in _COLUMNS.items()}
    missing = [name for name, column in found.items() if column is None]
    if missing:
        known = list(table.columns)
        raise FormatError(f"{path}: no column of the {missing[0]} among {known}")
    rows = {name: table[found[name]].to_numpy(float) for name in ("time", "mag", "mag_err")}
    if str(found["time"]).strip().lower() == "jd":
        rows["time"] = rows["time"] - _MJD_IN_JD
    if not np.isfinite(rows["time"]).all():
        raise FormatError(f"{path}: an observation without a time")
    band = table[found["band"]]
    if band.isna().any():
        raise FormatError(f"{path}: an observation without a filter")
    flux, flux_err = magnitude_to_flux(rows["mag"], rows["mag_err"], zero_point=zero_point)
    names = band.astype(str).str.strip().to_numpy(object)
    return {**rows, "band": names, "flux": flux, "flux_err": flux_err}
