"""Hosts of candidates on real cutouts: what their references show at the centre."""

import numpy as np

from skastro.datasets._stamp_artefacts import Exposures, add_photon_noise
from skastro.datasets._stamp_shapes import cube, turn_at_random

_SHARE = 0.5
_PAD, _OFFSET = 6, 3
_LEAST_BLUR = 0.2
_SHIFT, _WIDTH = 0.12, 0.015


def add_cutout_hosts(exposures: Exposures, backgrounds: np.ndarray, rng: np.random.Generator):
    """Add the centres of the references of real cutouts to half of the exposures, subtracted.

    A survey detects candidates on galaxies and stars, and a cutout has one of them at its centre.
    Its reference lacks the transient, so that neither a label nor the candidate itself is used.  In
    the science image the host has the seeing of that image and photon noise; what is subtracted is
    displaced by a tenth of a pixel, and of a slightly different width.
    """
    n, size = len(exposures), exposures.size
    host = _centres(backgrounds, n, size + 2 * _PAD, rng) * cube(rng.random(n) < _SHARE)
    blur = exposures.seeing.fwhm**2 - exposures.seeing_reference.fwhm**2
    blur = np.sqrt(np.maximum(blur, _LEAST_BLUR**2)) / 2.355
    science = _blurred(host, blur, np.zeros((2, n)))
    matched = _blurred(host, blur * rng.normal(1, _WIDTH, n), rng.normal(0, _SHIFT, (2, n)))
    inside = slice(_PAD, _PAD + size)
    host, science, matched = (image[:, inside, inside] for image in (host, science, matched))
    exposures.science += science
    exposures.reference += host
    exposures.difference += science - matched
    add_photon_noise(exposures, science, rng)


def _centres(backgrounds, n, size, rng):
    """Return the middles of random references above their sky, turned at random."""
    which = rng.integers(len(backgrounds), size=n)
    offset = np.clip(np.round(rng.normal(0, 1, (2, n))), -_OFFSET, _OFFSET).astype(int)
    corner = (np.array(backgrounds.shape[1:3]) - size)[:, None] // 2 + offset
    rows, columns = corner[:, :, None] + np.arange(size)
    images = backgrounds[which[:, None, None], rows[:, :, None], columns[:, None, :], 1]
    images = images.astype(np.float32)
    # A reference without values in the middle has no host to show.
    missing = np.isnan(images)
    images[missing.all(axis=(1, 2))] = 0
    images = np.nan_to_num(images - np.nanmedian(images, axis=(1, 2), keepdims=True))
    return turn_at_random(images, rng)


def _blurred(images, sigma, shift):
    """Return images convolved with Gaussians [pixels] and displaced by fractions of a pixel."""
    size = images.shape[1]
    x, y = np.fft.rfftfreq(size)[None, None], np.fft.fftfreq(size)[None, :, None]
    transfer = np.exp(-2 * (np.pi * cube(sigma)) ** 2 * (x**2 + y**2))
    transfer = transfer * np.exp(-2j * np.pi * (x * cube(shift[0]) + y * cube(shift[1])))
    return np.fft.irfft2(np.fft.rfft2(images) * transfer, s=(size, size)).astype(np.float32)
