"""Magnitudes, fluxes and detections."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

_POGSON = 2.5 / np.log(10)


def is_detected(rows: dict[str, ArrayLike], min_snr: float = 5.0) -> NDArray[np.bool_]:
    """Return which observations are detections.

    A detection is what the survey calls one: the field ``detected`` where it exists, with a
    missing flag as False.  Otherwise it is an observation with ``flux > min_snr * flux_err``.

    Parameters
    ----------
    rows : dict of str -> array-like of shape (n_rows,)
        Fields of light curves, as from :func:`skastro.utils.ragged.flatten`.

    min_snr : float, default=5
        Signal-to-noise ratio that a detection exceeds where there is no field ``detected``.

    Returns
    -------
    detected : ndarray of bool of shape (n_rows,)

    Raises
    ------
    ValueError
        The field ``detected`` holds text instead of flags.

    See Also
    --------
    skastro.preprocessing.MarkDetections : Write the field by PHOTFLAG or by S/N.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.photometry import is_detected
    >>> rows = {"flux": np.array([9.0, 3.0]), "flux_err": np.array([1.0, 1.0])}
    >>> is_detected(rows).tolist()
    [True, False]
    >>> is_detected({**rows, "detected": np.array([0.0, 1.0])}).tolist()
    [False, True]
    """
    if "detected" in rows:
        return _as_flags(np.asarray(rows["detected"]))
    return np.asarray(rows["flux"]) > min_snr * np.asarray(rows["flux_err"])


def _as_flags(values: NDArray) -> NDArray[np.bool_]:
    if values.dtype.kind not in "biuf":
        raise ValueError(f"field 'detected' must hold flags, not {values.dtype}")
    return np.nan_to_num(values).astype(bool) if values.dtype.kind == "f" else values.astype(bool)


def magnitude_to_flux(
    magnitude: ArrayLike, magnitude_err: ArrayLike, *, zero_point: float = 27.5
) -> tuple[NDArray, NDArray]:
    """Return flux and flux error of a magnitude: ``flux = 10 ** (0.4 (zero_point - mag))``.

    Parameters
    ----------
    magnitude, magnitude_err : array-like
        Magnitude and its error.

    zero_point : float, default=27.5
        Magnitude of flux 1; 27.5 is that of SNANA's FLUXCAL.

    Returns
    -------
    flux, flux_err : ndarray
        In the flux of `zero_point`; the error to first order.

    See Also
    --------
    flux_to_magnitude : The inverse.

    Examples
    --------
    >>> from skastro.utils.photometry import magnitude_to_flux
    >>> flux, flux_err = magnitude_to_flux(25.0, 0.1)
    >>> float(flux), round(float(flux_err), 3)
    (10.0, 0.921)
    """
    flux = 10 ** (0.4 * (zero_point - np.asarray(magnitude, float)))
    return flux, flux * np.asarray(magnitude_err, float) / _POGSON


def flux_to_magnitude(
    flux: ArrayLike, flux_err: ArrayLike, *, zero_point: float = 27.5
) -> tuple[NDArray, NDArray]:
    """Return magnitude and magnitude error of a flux; NaN where the flux is not positive.

    Parameters
    ----------
    flux, flux_err : array-like
        Flux and its error.

    zero_point : float, default=27.5
        Magnitude of flux 1; 27.5 is that of SNANA's FLUXCAL.

    Returns
    -------
    magnitude, magnitude_err : ndarray

    See Also
    --------
    magnitude_to_flux : The inverse.

    Examples
    --------
    >>> from skastro.utils.photometry import flux_to_magnitude
    >>> [float(v) for v in flux_to_magnitude(10.0, 0.0)]
    [25.0, 0.0]
    """
    flux = np.asarray(flux, float)
    positive = np.where(flux > 0, flux, np.nan)
    magnitude = zero_point - 2.5 * np.log10(positive)
    return magnitude, _POGSON * np.asarray(flux_err, float) / positive
