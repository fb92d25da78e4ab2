"""Small light curves with all standard columns, on which the checks run."""

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.surveys import get_survey
from skastro.utils.photometry import is_detected
from skastro.utils.ragged import nest, segment_first, segment_ids, sort_rows

_CLASSES = {"AGN": (40.0, 90.0), "II": (4.0, 60.0), "Ia": (5.0, 22.0)}
_SKY_NOISE = 8.0


def make_check_data(
    n_objects: int = 15, random_state: int = 0
) -> tuple[NestedFrame, NDArray[np.str_]]:
    """Return a small deterministic sample of LSST light curves with every standard column.

    The flux in FLUXCAL units is ``A exp(-t / fall) / (1 + exp(-t / rise))`` (Bazin et al. 2011,
    A&A 534, A43, eq. 1) with t in days of the rest frame after the peak, times a power law of the
    wavelength that reddens with t.  The noise is that of the sky plus 3 % of the flux.

    Parameters
    ----------
    n_objects : int, default=15
        Number of objects; the classes alternate.

    random_state : int, default=0
        Source of randomness.

    Returns
    -------
    X : NestedFrame of shape (n_objects, 6)
        Static columns redshift, redshift_err, mwebv, peak_time and trigger_time, and the nested
        column lightcurve with the fields time, band, flux, flux_err, detected and photflag,
        sorted by time.

    y : ndarray of shape (n_objects,)
        Class names "AGN", "II", "Ia".

    Examples
    --------
    >>> from skastro.testing import make_check_data
    >>> X, y = make_check_data()
    >>> X.columns.tolist()
    ['redshift', 'redshift_err', 'mwebv', 'peak_time', 'trigger_time', 'lightcurve']
    >>> y[:4].tolist()
    ['AGN', 'II', 'Ia', 'AGN']
    """
    rng = np.random.default_rng(random_state)
    y = np.resize(list(_CLASSES), n_objects)
    X = NestedFrame(
        {
            "redshift": rng.uniform(0.05, 0.6, n_objects),
            "redshift_err": rng.uniform(0.001, 0.05, n_objects),
            "mwebv": rng.uniform(0.01, 0.2, n_objects),
            "peak_time": rng.uniform(60000, 60300, n_objects),
        },
        index=[f"SN{i:03d}" for i in range(n_objects)],
    )
    offsets, rows = _observe(X, y, rng)
    trigger_time = segment_first(offsets, rows["time"], rows["detected"])
    return X.assign(trigger_time=trigger_time, lightcurve=nest(offsets, rows, X.index)), y


def _observe(X, y, rng):
    offsets = np.concatenate([[0], np.cumsum(rng.integers(20, 41, len(X)))])
    ids = segment_ids(offsets)
    wavelengths = get_survey("SCONE").wavelengths
    bands = pd.Categorical.from_codes(rng.integers(0, 6, len(ids)), list(wavelengths))
    time = X["peak_time"].to_numpy()[ids] + rng.uniform(-40, 110, len(ids))
    flux = _bazin_flux(X, y, ids, time, np.array(list(wavelengths.values()))[bands.codes])
    error = np.hypot(_SKY_NOISE, 0.03 * flux) * rng.uniform(0.8, 1.2, len(ids))
    flux = flux + error * rng.normal(size=len(ids))
    rows = {
        "time": time,
        "band": bands,
        "flux": flux.astype(np.float32),
        "flux_err": error.astype(np.float32),
    }
    rows["detected"] = is_detected(rows)
    rows["photflag"] = np.where(rows["detected"], 4096, 0).astype(np.int32)
    return offsets, sort_rows(offsets, rows)


def _bazin_flux(X, y, ids, time, wavelengths):
    rise, fall = np.array([_CLASSES[label] for label in y]).T
    redshift = X["redshift"].to_numpy()
    phase = (time - X["peak_time"].to_numpy()[ids]) / (1 + redshift[ids])
    shape = np.exp(-phase / fall[ids]) / (1 + np.exp(-phase / rise[ids]))
    color = (wavelengths / 5000) ** (-1 + np.clip(phase, 0, 60) / 30)
    return 2000 * (0.1 / redshift[ids]) ** 0.5 * shape * color
