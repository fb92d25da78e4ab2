"""Exposures without a candidate: simulated, or cut out of real ones."""

from typing import NamedTuple

import numpy as np

from skastro.datasets._stamp_artefacts import Exposures, add_star, flux_of, log_uniform
from skastro.datasets._stamp_hosts import add_cutout_hosts
from skastro.datasets._stamp_seeing import measure_seeing
from skastro.datasets._stamp_shapes import Seeing, cube, galaxy, turn_at_random
from skastro.exceptions import ObjectError
from skastro.utils.missing import is_blank

_CENTRE = 9.0


class Cutouts(NamedTuple):
    """Real images (n, height, width, 3), NaN where missing, and the seeing of their stars.

    ``seeing`` has the full widths at half maximum [pixels] of science images and references, None
    where no image has a star.
    """

    images: np.ndarray
    seeing: tuple


def read_cutouts(size, backgrounds, rng):
    """Return the `Cutouts` to paint stamps of `size` pixels a side onto."""
    images = np.asarray(backgrounds)
    if images.ndim != 4 or images.shape[3] != 3 or min(images.shape[1:3]) < size + 2 * _CENTRE:
        raise ValueError(
            f"make_stamps: backgrounds of shape {images.shape} must be (n, height, width, 3) "
            f"with sides of {size + int(2 * _CENTRE)} pixels at least"
        )
    images = np.where(is_blank(images), np.nan, images)
    return Cutouts(images, tuple(measure_seeing(images[..., k], rng) for k in (0, 1)))


class Detectors(NamedTuple):
    """Median seeing [pixels], sky [counts] and gain [electrons per count], one per detector."""

    fwhm: np.ndarray
    sky: np.ndarray
    gain: np.ndarray


def detectors(n, rng):
    """Draw the properties of `n` detectors."""
    return Detectors(rng.uniform(1.7, 3.6, n), log_uniform(rng, 150, 1500, n), rng.uniform(1, 4, n))


def draw_exposures(size, cameras, detector, rng):
    """Return `Exposures` of skies with hosts and field stars, one for each entry of `detector`."""
    n, gain = len(detector), cameras.gain[detector]
    sky = cameras.sky[detector] * log_uniform(rng, 0.6, 1.7, n)
    noise, depth = np.sqrt(sky / gain), np.sqrt(rng.integers(4, 17, n))
    seeing = _seeing(cameras.fwhm[detector] * log_uniform(rng, 0.8, 1.3, n), rng)
    reference_seeing = _seeing(cameras.fwhm[detector] * log_uniform(rng, 0.75, 1.05, n), rng)
    total = noise * np.sqrt(1 + 1 / depth**2)
    images = (np.zeros((n, size, size), np.float32) for _ in range(3))
    exposures = Exposures(*images, seeing, reference_seeing, total, gain)
    _add_host(exposures, rng)
    for _ in range(2):
        _add_field_star(exposures, rng)
    photons = rng.standard_normal((2, n, size, size), np.float32)
    photons[0] *= np.sqrt(cube(sky) + np.maximum(exposures.science, 0)) / cube(np.sqrt(gain))
    photons[1] *= np.sqrt(cube(sky) + np.maximum(exposures.reference, 0)) / cube(
        np.sqrt(gain) * depth
    )
    exposures.science += cube(sky) + photons[0]
    exposures.reference += cube(sky * rng.uniform(0.9, 1.1, n)) + photons[1]
    exposures.difference += photons[0] - photons[1]
    return exposures


def paint_exposures(size, cutouts, cameras, detector, rng):
    """Return `Exposures` cut out of real ones away from their centres, half of them with hosts."""
    n, backgrounds = len(detector), cutouts.images
    row, column = _corners(n, backgrounds.shape[1:3], size, rng)
    steps = np.arange(size)
    rows, columns = row[:, None] + steps, column[:, None] + steps
    which = rng.integers(len(backgrounds), size=n)
    cut = backgrounds[which[:, None, None], rows[:, :, None], columns[:, None, :]]
    cut, noise = _filled(cut.astype(np.float32), backgrounds, which)
    turn_at_random(cut, rng)
    seeing = _painted_seeing(cutouts.seeing, which, cameras.fwhm[detector], rng)
    images = (cut[..., k].copy() for k in range(3))
    exposures = Exposures(*images, *seeing, noise, cameras.gain[detector])
    add_cutout_hosts(exposures, backgrounds, rng)
    return exposures


def _painted_seeing(measured, which, fwhm, rng):
    """Return the seeing of science and reference: that of their stars, else of the detectors."""
    limits = (0.8, 1.3), (0.75, 1.05)
    return [
        _seeing(
            fwhm * log_uniform(rng, *factors, len(which))
            if width is None
            else width[which] * log_uniform(rng, 0.95, 1.05, len(which)),
            rng,
        )
        for width, factors in zip(measured, limits)
    ]


def _filled(cut, backgrounds, which):
    """Fill gaps by the median of the channel, of the whole cutout if need be; return the noise.

    The noise is that of the difference, where there are gaps that of the whole cutout.
    """
    missing, noise = np.isnan(cut), _noise(np.median, cut)
    gaps = np.flatnonzero(missing.any(axis=(1, 2, 3)))
    if not len(gaps):
        return cut, noise
    part, numbers = cut[gaps], which[gaps]
    whole = backgrounds[numbers].astype(np.float32)
    empty = np.isnan(whole).all(axis=(1, 2)).any(axis=1)
    if empty.any():
        raise ObjectError("make_stamps: backgrounds without a value", np.unique(numbers[empty]))
    alone = missing[gaps].all(axis=(1, 2), keepdims=True)
    middle = np.nanmedian(np.where(alone, 0, part), axis=(1, 2), keepdims=True)
    middle = np.where(alone, np.nanmedian(whole, axis=(1, 2), keepdims=True), middle)
    cut[gaps] = np.where(missing[gaps], middle, part)
    noise[gaps] = _noise(np.nanmedian, whole)
    return cut, noise


def _noise(median, images):
    difference = images[..., 2]
    spread = np.abs(difference - median(difference, axis=(1, 2), keepdims=True))
    return np.maximum(1.4826 * median(spread, axis=(1, 2)), 1e-3)


def _corners(n, sides, size, rng):
    """Corners of stamps whose middle keeps away from that of the cutout, in one axis at least."""
    free = np.array(sides) - size
    corner = rng.integers(0, free[:, None] + 1, (2, n))
    axis = rng.integers(2, size=n)
    away = rng.choice([-1, 1], n) * rng.uniform(_CENTRE, free[axis] / 2, n)
    corner[axis, np.arange(n)] = np.clip(np.round(free[axis] / 2 + away), 0, free[axis])
    return corner


def _seeing(fwhm, rng):
    n = len(fwhm)
    return Seeing(fwhm, np.minimum(rng.exponential(0.04, n), 0.25), rng.uniform(0, np.pi, n))


def _subtraction(n, rng):
    """Errors of position [pixels] and width of a usual subtraction."""
    return rng.normal(0, 0.05, (2, n)), rng.normal(1, 0.015, n)


def _add_host(exposures, rng):
    n, size = len(exposures), exposures.size
    has_host = rng.random(n) < 0.5
    x, y = rng.normal(0, 2.5, (2, n))
    radius = log_uniform(rng, 0.8, 4.0, n)
    flux = flux_of(exposures, log_uniform(rng, 5, 250, n)) * has_host
    (dx, dy), width = _subtraction(n, rng)
    host = cube(flux) * galaxy(size, x, y, radius, exposures.seeing)
    matched = galaxy(size, x + dx, y + dy, radius, exposures.seeing.wider(width))
    exposures.science += host
    exposures.reference += cube(flux) * galaxy(size, x, y, radius, exposures.seeing_reference)
    exposures.difference += host - cube(flux) * matched


def _add_field_star(exposures, rng):
    n, half = len(exposures), exposures.size / 2
    flux = flux_of(exposures, log_uniform(rng, 5, 300, n)) * (rng.random(n) < 0.3)
    x, y = rng.uniform(-half, half, (2, n))
    add_star(exposures, x, y, flux, *_subtraction(n, rng))
