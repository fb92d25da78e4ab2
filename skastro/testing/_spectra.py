"""Small spectra with all standard columns, on which the checks run."""

import numpy as np
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.utils.ragged import nest, segment_ids, sort_rows

_LINES = {"II": 6400.0, "Ia": 6150.0, "Ic": 5700.0}


def make_check_spectra(
    n_objects: int = 15, random_state: int = 0, *, grid: ArrayLike | None = None
) -> tuple[NestedFrame, NDArray[np.str_]]:
    """Return a small deterministic sample of spectra, as `make_check_data` of light curves.

    Each is a power law with noise and an absorption line at the wavelength of its class.

    Parameters
    ----------
    n_objects : int, default=15
        Number of objects; the classes alternate.

    random_state : int, default=0
        Source of randomness.

    grid : array-like, default=None
        Wavelengths [Angstrom] common to all; by default each object has 80 to 120 of its own.

    Returns
    -------
    X : NestedFrame of shape (n_objects, 4)
        Static columns redshift, redshift_err and phase, and the nested column spectrum with the
        fields wavelength, flux, flux_err and order, sorted by wavelength.

    y : ndarray of shape (n_objects,)
        Class names "II", "Ia", "Ic".

    Examples
    --------
    >>> from skastro.testing import make_check_spectra
    >>> X, y = make_check_spectra()
    >>> X.columns.tolist(), y[:3].tolist()
    (['redshift', 'redshift_err', 'phase', 'spectrum'], ['II', 'Ia', 'Ic'])
    """
    rng = np.random.default_rng(random_state)
    y = np.resize(list(_LINES), n_objects)
    X = NestedFrame(
        {
            "redshift": rng.uniform(0.01, 0.1, n_objects),
            "redshift_err": rng.uniform(0.001, 0.01, n_objects),
            "phase": rng.uniform(-10, 40, n_objects),
        },
        index=[f"SN{i:03d}" for i in range(n_objects)],
    )
    lengths = rng.integers(80, 121, n_objects) if grid is None else [np.size(grid)] * n_objects
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    ids = segment_ids(offsets)
    x = rng.uniform(3600, 9400, len(ids)) if grid is None else np.tile(grid, n_objects)
    line = np.array([_LINES[label] for label in y])[ids]
    flux = (x / 5000) ** -1 * (1 - 0.6 * np.exp(-0.5 * ((x - line) / 90) ** 2))
    error = rng.uniform(0.03, 0.06, len(ids))
    rows = {
        "wavelength": x.astype(float),
        "flux": (flux + error * rng.normal(size=len(ids))).astype(np.float32),
        "flux_err": error.astype(np.float32),
        "order": rng.integers(1, 4, len(ids)).astype(np.int32),
    }
    return X.assign(spectrum=nest(offsets, sort_rows(offsets, rows, "wavelength"), X.index)), y
