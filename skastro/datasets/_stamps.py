"""Simulated image stamps of candidates, real and bogus."""

import numbers
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from skastro.datasets._stamp_artefacts import ARTEFACTS, Exposures, turn_positive
from skastro.datasets._stamp_sky import (
    detectors,
    draw_exposures,
    paint_exposures,
    read_cutouts,
)
from skastro.datasets._stamp_sources import SOURCES
from skastro.utils.random import RandomState, as_generator

_AT_ONCE = 2_000
_LEAST = 9
_DEFAULTS = {
    "sources": {"transient": 5, "variable": 4, "moving": 1},
    "artefacts": dict.fromkeys(ARTEFACTS, 1),
}


def make_stamps(
    n_samples: int = 1000,
    *,
    image_shape: tuple[int, int, int] = (29, 29, 3),
    real_fraction: float = 0.5,
    n_detectors: int = 4,
    sources: Sequence[str] | dict[str, float] | None = None,
    artefacts: Sequence[str] | dict[str, float] | None = None,
    backgrounds: ArrayLike | None = None,
    out: NDArray | None = None,
    random_state: RandomState = None,
) -> tuple[NDArray[np.float32], NDArray[np.int64], pd.DataFrame]:
    """Simulate candidates of a difference-imaging survey: science, reference, difference.

    Every exposure has a Moffat point-spread function of its detector's seeing, sky and photon
    noise, host galaxies and field stars; the reference has its own seeing and is deeper; the
    difference keeps what an imperfect subtraction leaves, and is reference minus science where the
    centre would be negative.  Real candidates are new sources down to
    a signal to noise of 4.5, on a galaxy or not, some of which the reference has fainter; stars of
    the reference, of any brightness, that have become brighter or fainter; and moving objects.

    Parameters
    ----------
    n_samples : int, default=1000
        Number of candidates.

    image_shape : tuple of 3 ints, default=(29, 29, 3)
        (height, width, channels) of the stamps; square, of at least 9 pixels a side, with the
        channels science, reference and difference.

    real_fraction : float, default=0.5
        Fraction of real candidates; the number is exact except for rounding.

    n_detectors : int, default=4
        Number of detectors, which differ in seeing, sky and gain and have equal numbers of
        candidates.

    sources : sequence of str or dict of str -> float, default=None
        Kinds of real candidates, or their relative numbers: "transient", "variable", "moving".  By
        default 5 : 4 : 1.

    artefacts : sequence of str or dict of str -> float, default=None
        Kinds of bogus candidates, or their relative numbers: "dipole", "residual" (of a badly
        matched star), "cosmic ray", "hot pixel", "bad column", "saturated", "satellite", "ghost",
        "noise peak", "mottled" (irregular residual of a bright star), "wrong scale" (residuals of
        all stars of a poor exposure).  In equal numbers by default.

    backgrounds : array-like of shape (n_cutouts, height, width, 3), default=None
        Real cutouts to paint onto instead of a simulated sky, larger than the stamps.  The centres
        of the stamps avoid those of the cutouts, where the survey detected a candidate; in half of
        the stamps the candidate stands on what the reference of a random cutout shows there, a
        galaxy or a star.  The seeing is that of the stars of the cutout.  Missing pixels, NaN or
        beyond 1e30, become the median.

    out : array of shape (n_samples, height * width * 3), default=None
        Array to write the stamps to, such as a memory map; the memory in use then does not depend
        on `n_samples`, except for 50 bytes per candidate in `meta`.

    random_state : int, Generator, RandomState or None, default=None
        Seed or generator.  NumPy's global random state is neither read nor changed.

    Returns
    -------
    X : ndarray of shape (n_samples, height * width * 3), dtype float32
        Counts, flattened from (height, width, channel) with the channels science, reference and
        difference; `out` if it is given.

    y : ndarray of int of shape (n_samples,)
        1 for real, 0 for bogus.

    meta : DataFrame of shape (n_samples, 4)
        detector (int), kind (the source or artefact), snr (signal to noise, of artefacts
        their height over the noise), seeing (full width at half maximum in pixels).

    Raises
    ------
    ValueError
        An impossible `image_shape`, unknown artefacts, weights that are not positive, cutouts that
        are too small, or `out` of another shape.

    ObjectError
        Cutouts with a channel without values.

    Examples
    --------
    >>> from skastro.datasets import make_stamps
    >>> X, y, meta = make_stamps(20, random_state=0)
    >>> X.shape, int(y.sum())
    ((20, 2523), 10)
    >>> meta.columns.tolist()
    ['detector', 'kind', 'snr', 'seeing']
    """
    real, bogus = _kinds("sources", sources), _kinds("artefacts", artefacts)
    side = _side(image_shape)
    _check_sizes(n_samples, n_detectors, real_fraction)
    rng = as_generator(random_state)
    if out is None:
        out = np.empty((n_samples, 3 * side**2), np.float32)
    elif out.shape != (n_samples, 3 * side**2):
        raise ValueError(
            f"make_stamps: out has the shape {out.shape}, not {(n_samples, 3 * side**2)}"
        )
    y = rng.permutation(np.arange(n_samples) < round(real_fraction * n_samples)).astype(int)
    detector = rng.permutation(np.arange(n_samples) % n_detectors)
    kind = np.where(
        y == 1,
        rng.choice(real[0], n_samples, p=real[1]),
        rng.choice(bogus[0], n_samples, p=bogus[1]),
    )
    snr, seeing = np.empty(n_samples), np.empty(n_samples)
    cameras = detectors(n_detectors, rng)
    cutouts = None if backgrounds is None else read_cutouts(side, backgrounds, rng)
    for start in range(0, n_samples, _AT_ONCE):
        part = slice(start, start + _AT_ONCE)
        if cutouts is None:
            exposures = draw_exposures(side, cameras, detector[part], rng)
        else:
            exposures = paint_exposures(side, cutouts, cameras, detector[part], rng)
        snr[part] = _put_candidates(exposures, kind[part], rng)
        seeing[part] = exposures.seeing.fwhm
        images = exposures.science, exposures.reference, exposures.difference
        out[part] = np.stack(images, axis=-1).reshape(len(exposures), -1)
    names = {"detector": detector, "kind": kind, "snr": snr, "seeing": seeing}
    return out, y, pd.DataFrame(names)


def _put_candidates(
    exposures: Exposures, kind: NDArray, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Paint each kind of candidate at the centre of its stamps; return their S/N."""
    snr = np.empty(len(kind))
    for name, paint in (ARTEFACTS | SOURCES).items():
        objects = np.flatnonzero(kind == name)
        if len(objects):
            part = exposures.take(objects)
            snr[objects] = paint(part, rng)
            if name in ARTEFACTS:
                turn_positive(part)
            exposures.put(objects, part)
    return snr


def _kinds(name: str, chosen: Sequence[str] | dict[str, float] | None) -> tuple[NDArray, NDArray]:
    """Return the kinds of real or of bogus candidates, and their shares."""
    known = _DEFAULTS[name]
    kinds = known if chosen is None else chosen
    weights = kinds if isinstance(kinds, dict) else dict.fromkeys(kinds, 1.0)
    unknown = sorted(set(weights) - set(known))
    if unknown:
        raise ValueError(f"make_stamps: unknown {name} {unknown}; known {list(known)}")
    shares = np.array(list(weights.values()), float)
    if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.sum() > 0):
        raise ValueError(f"make_stamps: {name}={chosen!r} must be positive numbers")
    return np.array(list(weights)), shares / shares.sum()


def _side(image_shape: tuple[int, int, int]) -> int:
    """Return the side of the stamps."""
    shape = tuple(image_shape) if isinstance(image_shape, list | tuple) else ()
    whole = all(isinstance(length, numbers.Integral) for length in shape)
    if len(shape) != 3 or not whole or shape[0] != shape[1] or shape[2] != 3 or shape[0] < _LEAST:
        raise ValueError(
            f"make_stamps: image_shape={image_shape!r} must be (side, side, 3) with integers and a "
            f"side of at least {_LEAST}"
        )
    return int(shape[0])


def _check_sizes(n_samples: int, n_detectors: int, real_fraction: float) -> None:
    for name, value in (("n_samples", n_samples), ("n_detectors", n_detectors)):
        if not isinstance(value, numbers.Integral) or value < 1:
            raise ValueError(f"make_stamps: {name}={value!r} is not a positive integer")
    if not 0 <= real_fraction <= 1:
        raise ValueError(f"make_stamps: real_fraction={real_fraction!r} is outside [0, 1]")
