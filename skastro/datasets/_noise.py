"""Noise of photometry, flags of detection and trigger: pure functions of fluxes."""

import numpy as np

from skastro.utils.ragged import segment_first, segment_ids


def sky_variance(depth, gain, calibration, zero_point=27.5):
    """Return the variance of sky and readout that makes the S/N at `depth` exactly 5.

    ``(F5 / 5)^2 - F5 / gain - (calibration F5)^2`` with ``F5 = 10^(0.4 (zero_point - depth))``;
    never below zero.

    Parameters
    ----------
    depth : array-like
        Magnitude of a point source at S/N = 5.

    gain : array-like
        Photo-electrons in one unit of flux.

    calibration : float
        Relative error of the calibration.

    zero_point : float, default=27.5
        Magnitude of flux 1.

    Returns
    -------
    variance : ndarray
        In squared units of flux.

    Examples
    --------
    >>> from skastro.datasets._noise import sky_variance
    >>> float(sky_variance(25.0, 1e9, 0.0).round(3))
    4.0
    """
    flux = 10 ** (0.4 * (zero_point - np.asarray(depth)))
    return np.maximum((flux / 5) ** 2 - flux / gain - (calibration * flux) ** 2, 0.0)


def flux_error(total, difference, sky, gain, calibration):
    """Return the standard error of a flux: sky, photon noise of all light, calibration.

    ``sqrt(sky + total / gain + (calibration difference)^2)``, the variance of CCD photometry
    (e.g. Howell 1989, PASP 101, 616) with the photons of the quiescent star or nucleus counted.

    Parameters
    ----------
    total : array-like
        Flux of all light of the source in the image, in the template too.

    difference : array-like
        Flux that is measured.

    sky : array-like
        From :func:`sky_variance`.

    gain, calibration : array-like
        As there.

    Returns
    -------
    error : ndarray

    Examples
    --------
    >>> from skastro.datasets._noise import flux_error
    >>> float(flux_error(50.0, 50.0, 50.0, 1.0, 0.0))
    10.0
    """
    variance = sky + np.maximum(total, 0) / gain + (calibration * np.asarray(difference)) ** 2
    return np.sqrt(variance)


def detect(flux, flux_err, threshold=5.0):
    """Return where ``|flux / flux_err| > threshold``: difference images find both signs.

    Examples
    --------
    >>> from skastro.datasets._noise import detect
    >>> detect([-6.0, 1.0, 9.0], [1.0, 1.0, 1.0]).tolist()
    [True, False, True]
    """
    return np.abs(flux) > threshold * np.asarray(flux_err)


def find_trigger(offsets, time, detected, gap):
    """Return the row of the trigger of each object, -1 without one.

    The trigger is the first detection at least `gap` days after the first detection: what moves
    (an asteroid) or hits a single image (a cosmic ray) does not trigger.

    Parameters
    ----------
    offsets : ndarray of shape (n_objects + 1,)
        Rows of each object, as from :func:`skastro.utils.ragged.flatten`.

    time : ndarray of shape (n_rows,)
        Days, increasing within each object.

    detected : ndarray of bool, shape (n_rows,)
        Rows that are detections.

    gap : float
        Days.

    Returns
    -------
    rows : ndarray of shape (n_objects,)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._noise import find_trigger
    >>> time, detected = np.array([1.0, 1.01, 3.0, 1.0]), np.array([True, True, True, True])
    >>> find_trigger(np.array([0, 3, 4]), time, detected, 0.02).tolist()
    [2, -1]
    """
    first = segment_first(offsets, time, detected)
    later = detected & (time >= first[segment_ids(offsets)] + gap)
    return segment_first(offsets, np.arange(len(time)), later, empty=-1)


def photflag(detected, saturated, trigger_rows, bits):
    """Return the PHOTFLAG of every row from the bits of a survey.

    Parameters
    ----------
    detected, saturated : ndarray of bool, shape (n_rows,)
        What is true of each row.

    trigger_rows : ndarray of shape (n_triggers,)
        Rows that trigger.

    bits : dict of str -> int
        Masks under ``detection``, ``trigger`` and ``saturated``.

    Returns
    -------
    flags : ndarray of shape (n_rows,), dtype int32

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._noise import photflag
    >>> bits = {"detection": 4096, "trigger": 2048, "saturated": 1024}
    >>> photflag(np.array([True, True]), np.array([False, True]), np.array([0]), bits).tolist()
    [6144, 5120]
    """
    flags = bits["detection"] * detected + bits["saturated"] * saturated
    flags = flags.astype(np.int32)
    flags[trigger_rows] |= bits["trigger"]
    return flags
