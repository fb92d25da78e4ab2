"""Hosts of candidates on real cutouts: what their references show at the centre."""

import numpy as np
from scipy import fft

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
    chosen = np.flatnonzero(rng.random(len(exposures)) < _SHARE)
    if len(chosen):
        part = exposures.take(chosen)
        _add_hosts(part, _centres(backgrounds, len(part), part.size + 2 * _PAD, rng), rng)
        exposures.put(chosen, part)


def _add_hosts(exposures, hosts, rng):
    """Add images of hosts, larger by `_PAD` on each side, because a convolution wraps around."""
    n, spectrum = len(exposures), fft.rfft2(hosts)
    blur = exposures.seeing.fwhm**2 - exposures.seeing_reference.fwhm**2
    blur = np.sqrt(np.maximum(blur, _LEAST_BLUR**2)) / 2.355
    science = _blurred(spectrum, hosts.shape[1], blur, np.zeros((2, n)))
    other_blur, shift = blur * rng.normal(1, _WIDTH, n), rng.normal(0, _SHIFT, (2, n))
    matched = _blurred(spectrum, hosts.shape[1], other_blur, shift)
    inside = slice(_PAD, _PAD + exposures.size)
    hosts, science, matched = (image[:, inside, inside] for image in (hosts, science, matched))
    exposures.science += science
    exposures.reference += hosts
    exposures.difference += science - matched
    add_photon_noise(exposures, science, rng)


def _centres(backgrounds, n, size, rng):
    """Return the centres of random references, sky subtracted and turned at random."""
    which = rng.integers(len(backgrounds), size=n)
    offset = np.clip(np.round(rng.normal(0, 1, (2, n))), -_OFFSET, _OFFSET).astype(int)
    corner = (np.array(backgrounds.shape[1:3]) - size)[:, None] // 2 + offset
    rows, columns = corner[:, :, None] + np.arange(size)
    images = backgrounds[which[:, None, None], rows[:, :, None], columns[:, None, :], 1]
    images = images.astype(np.float32)
    # A reference without values in the middle has no host to show.
    images[np.isnan(images).all(axis=(1, 2))] = 0
    images = np.nan_to_num(images - np.nanmedian(images, axis=(1, 2), keepdims=True))
    turn_at_random(images, rng)
    return images


def _blurred(spectrum, size, sigma, shift):
    """Return images convolved with Gaussians [pixels] and displaced by fractions of a pixel."""
    x, y = fft.rfftfreq(size)[None, None], fft.fftfreq(size)[None, :, None]
    real = -2 * (np.pi * cube(sigma)) ** 2 * (x**2 + y**2).astype(np.float32)
    phase = -2 * np.pi * (x * cube(shift[0]) + y * cube(shift[1])).astype(np.float32)
    return fft.irfft2(spectrum * np.exp(real + 1j * phase), s=(size, size))
