"""Simulated image stamps of candidates, real and bogus."""

import numbers

import numpy as np
import pandas as pd

from skastro.datasets._stamp_artefacts import ARTEFACTS, transient
from skastro.datasets._stamp_sky import detectors, draw_exposures, paint_exposures
from skastro.utils.missing import is_blank
from skastro.utils.random import as_generator

_AT_ONCE = 2_000


def make_stamps(
    n_samples=1000,
    *,
    image_size=29,
    real_fraction=0.5,
    n_detectors=4,
    artefacts=None,
    backgrounds=None,
    out=None,
    random_state=None,
):
    """Simulate candidates of a difference-imaging survey: science, reference, difference.

    Every exposure has a Moffat point-spread function of its detector's seeing, sky and photon
    noise, host galaxies and field stars; the reference has its own seeing and is deeper; the
    difference keeps what an imperfect subtraction leaves.  Real candidates are point sources down
    to a signal to noise of 4.5, on a galaxy or not, some of which the reference has fainter.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of candidates.

    image_size : int, default=29
        Side of the stamps [pixels], 9 at least.

    real_fraction : float, default=0.5
        Part of the candidates that is real; the number is exact but for rounding.

    n_detectors : int, default=4
        Detectors differ in seeing, sky and gain, and see as many candidates each.

    artefacts : sequence of str or dict of str -> float, default=None
        Kinds of bogus candidates, or their relative numbers: "dipole", "residual" (of a badly
        matched star), "cosmic ray", "hot pixel", "bad column", "saturated", "satellite", "ghost",
        "noise peak".  All alike by default.

    backgrounds : array-like of shape (n_cutouts, height, width, 3), default=None
        Real cutouts to paint onto instead of a simulated sky; larger than the stamps, whose
        centre keeps away from theirs, where the survey saw something.  Missing pixels, NaN or
        beyond 1e30, become the median.

    out : array of shape (n_samples, 3 * image_size**2), default=None
        Where to write the stamps, such as a memory map; the memory in use does not depend on
        `n_samples` then, but for 50 bytes each of `meta`.

    random_state : int, Generator, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    X : ndarray of shape (n_samples, 3 * image_size**2), dtype float32
        Counts, flattened from (height, width, channel) with the channels science, reference and
        difference; `out` if that is given.

    y : ndarray of int of shape (n_samples,)
        1 for real, 0 for bogus.

    meta : DataFrame of shape (n_samples, 4)
        detector (int), kind ("transient" or the artefact), snr (signal to noise, of artefacts
        their height over the noise), seeing (full width at half maximum in pixels).

    Raises
    ------
    ValueError
        Unknown artefacts, weights that are not positive, cutouts that are too small.

    ObjectError
        Cutouts with a channel that has no value.

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> X, y, meta = make_stamps(20, random_state=0)
    >>> X.shape, int(y.sum())
    ((20, 2523), 10)
    >>> meta.columns.tolist()
    ['detector', 'kind', 'snr', 'seeing']
    """
    kinds, shares = _kinds(artefacts)
    _check_sizes(n_samples, image_size, n_detectors, real_fraction)
    rng = as_generator(random_state)
    if out is None:
        out = np.empty((n_samples, 3 * image_size**2), np.float32)
    elif out.shape != (n_samples, 3 * image_size**2):
        raise ValueError(f"make_stamps: out has the shape {out.shape}")
    y = rng.permutation(np.arange(n_samples) < round(real_fraction * n_samples)).astype(int)
    detector = rng.permutation(np.arange(n_samples) % n_detectors)
    kind = np.where(y == 1, "transient", rng.choice(kinds, n_samples, p=shares))
    snr, seeing = np.empty(n_samples), np.empty(n_samples)
    cameras = detectors(n_detectors, rng)
    if backgrounds is not None:
        backgrounds = np.where(is_blank(backgrounds), np.nan, backgrounds)
    for start in range(0, n_samples, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        if backgrounds is None:
            exposures = draw_exposures(image_size, cameras, detector[part], rng)
        else:
            exposures = paint_exposures(image_size, backgrounds, cameras, detector[part], rng)
        snr[part] = _put_candidates(exposures, kind[part], rng)
        seeing[part] = exposures.seeing.fwhm
        images = exposures.science, exposures.reference, exposures.difference
        out[part] = np.stack(images, axis=-1).reshape(len(exposures), -1)
    names = {"detector": detector, "kind": kind, "snr": snr, "seeing": seeing}
    return out, y, pd.DataFrame(names)


def _put_candidates(exposures, kind, rng):
    """Put each kind of candidate into the middle of its stamps; return their heights."""
    snr = np.empty(len(kind))
    for name, paint in {**ARTEFACTS, "transient": transient}.items():
        objects = np.flatnonzero(kind == name)
        if len(objects):
            part = exposures.take(objects)
            snr[objects] = paint(part, rng)
            exposures.put(objects, part)
    return snr


def _kinds(artefacts):
    """Names and relative numbers of the artefacts."""
    weights = artefacts if isinstance(artefacts, dict) else dict.fromkeys(artefacts or ARTEFACTS, 1)
    strange = sorted(set(weights) - set(ARTEFACTS))
    if strange:
        raise ValueError(f"make_stamps: unknown artefacts {strange}; known {list(ARTEFACTS)}")
    shares = np.array(list(weights.values()), float)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise ValueError(f"make_stamps: artefacts={artefacts!r} must be positive numbers")
    return np.array(list(weights)), shares / shares.sum()


def _check_sizes(n_samples, image_size, n_detectors, real_fraction):
    for name, value, least in (
        ("n_samples", n_samples, 1),
        ("image_size", image_size, 9),
        ("n_detectors", n_detectors, 1),
    ):
        if not isinstance(value, numbers.Integral) or value < least:
            raise ValueError(
                f"make_stamps: {name}={value!r} must be an integer of {least} at least"
            )
    if not 0 <= real_fraction <= 1:
        raise ValueError(f"make_stamps: real_fraction={real_fraction!r} does not lie in [0, 1]")
