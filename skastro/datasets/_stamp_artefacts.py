"""What bogus candidates are made of, each a function of an observation and its random numbers.

An artefact changes the science image, the reference and their difference of its objects in place.
"""

from dataclasses import dataclass

import numpy as np

from skastro.datasets._stamp_shapes import (
    Seeing,
    coordinates,
    cube,
    point_source,
    ring,
    trail,
)


@dataclass
class Exposures:
    """Three images per object, all of shape (n, size, size), and how they were taken.

    ``noise`` is the standard deviation of the sky in the difference, ``gain`` in electrons per
    count.
    """

    science: np.ndarray
    reference: np.ndarray
    difference: np.ndarray
    seeing: Seeing
    seeing_reference: Seeing
    noise: np.ndarray
    gain: np.ndarray

    def __len__(self):
        return len(self.noise)

    @property
    def size(self):
        """Side of the images."""
        return self.science.shape[1]

    def take(self, objects):
        """Return copies of some objects."""
        images = (self.science[objects], self.reference[objects], self.difference[objects])
        seeing = self.seeing.take(objects), self.seeing_reference.take(objects)
        return Exposures(*images, *seeing, self.noise[objects], self.gain[objects])

    def put(self, objects, other):
        """Write those of `other` back."""
        for name in ("science", "reference", "difference"):
            getattr(self, name)[objects] = getattr(other, name)

    def add(self, image):
        """Add to science and difference what the reference does not have."""
        self.science += image
        self.difference += image


def log_uniform(rng, low, high, n):
    """Draw numbers whose logarithm is uniform."""
    return np.exp(rng.uniform(np.log(low), np.log(high), n))


def add_star(exposures, x, y, flux, shift, width):
    """Add a constant star, subtracted with an error of position [pixels] and of width."""
    size, seeing = exposures.size, exposures.seeing
    star = cube(flux) * point_source(size, x, y, seeing)
    matched = point_source(size, x + shift[0], y + shift[1], seeing.wider(width))
    exposures.science += star
    exposures.reference += cube(flux) * point_source(size, x, y, exposures.seeing_reference)
    exposures.difference += star - cube(flux) * matched


def add_photon_noise(exposures, star, rng):
    """Add the photon noise of a source to science and difference."""
    spread = np.sqrt(np.maximum(star, 0) / cube(exposures.gain))
    exposures.add(spread * rng.standard_normal(star.shape, np.float32))


def mottle(star, depth, rng):
    """Return what an irregular subtraction leaves of a star: a fraction that differs by pixel."""
    field = rng.standard_normal(star.shape, np.float32)
    field = (field + np.roll(field, 1, axis=1 + rng.integers(2))) / np.float32(np.sqrt(2))
    return cube(depth) * field * star


def flux_of(exposures, snr):
    """Flux of point sources of a signal to noise in the difference."""
    return snr * exposures.noise * exposures.seeing.noise_pixels


def turn_positive(exposures):
    """Make each difference reference minus science where its centre is negative.

    A survey detects positive sources in both differences.
    """
    middle, image = exposures.size // 2, exposures.difference
    centre = slice(middle - 1, middle + 2)
    level = np.median(image, axis=(1, 2), keepdims=True)
    height = image[:, centre, centre].mean(axis=(1, 2), keepdims=True) - level
    exposures.difference = np.where(height < 0, 2 * level - image, image)


def dipole(exposures, rng):
    """Bright star subtracted beside its place."""
    n, angle = len(exposures), rng.uniform(0, 2 * np.pi, len(exposures))
    offset = rng.uniform(0.25, 1.0, n)
    shift = offset * np.cos(angle), offset * np.sin(angle)
    snr = log_uniform(rng, 12, 300, n) / offset
    add_star(exposures, shift[0] / 2, shift[1] / 2, flux_of(exposures, snr), shift, np.ones(n))
    return snr


def residual(exposures, rng):
    """Bright star whose point-spread function was not matched."""
    n = len(exposures)
    width = 1 + rng.choice([-1, 1], n) * rng.uniform(0.06, 0.25, n)
    x, y = rng.normal(0, 0.4, (2, n))
    snr = log_uniform(rng, 6, 150, n) / np.abs(width - 1)
    add_star(exposures, x, y, flux_of(exposures, snr), rng.normal(0, 0.05, (2, n)), width)
    return snr


def cosmic_ray(exposures, rng):
    """Track or spot sharper than the seeing, in the science image alone."""
    n = len(exposures)
    length = rng.choice([0.0, 1.0], n) * rng.uniform(1, 9, n)
    x, y = rng.normal(0, 0.5, (2, n))
    shape = trail(exposures.size, x, y, rng.uniform(0, np.pi, n), length, rng.uniform(0.35, 0.6, n))
    height = log_uniform(rng, 6, 120, n)
    exposures.add(cube(height * exposures.noise) * shape)
    return height


def hot_pixel(exposures, rng):
    """One to three neighbouring pixels."""
    n, middle = len(exposures), exposures.size // 2
    height = log_uniform(rng, 6, 80, n)
    image = np.zeros_like(exposures.science)
    for k in range(3):
        is_hot = rng.random(n) < (1.0, 0.3, 0.15)[k]
        row, column = middle + rng.integers(-1, 2, (2, n)) * (k > 0)
        value = height * exposures.noise * rng.uniform(0.3, 1, n)
        image[np.flatnonzero(is_hot), row[is_hot], column[is_hot]] += value[is_hot]
    exposures.add(image)
    return height


def bad_column(exposures, rng):
    """Column or part of one with an offset of either sign."""
    n, (columns, rows) = len(exposures), coordinates(exposures.size)
    x, end = rng.integers(-1, 2, n), rng.uniform(-4, 20, n)
    width = rng.choice([0.4, 0.9], n)
    inside = (np.abs(columns - cube(x)) <= cube(width)) & (
        rows * cube(rng.choice([-1, 1], n)) < cube(end)
    )
    height = rng.choice([-1, 1, 1], n) * log_uniform(rng, 3, 30, n)
    exposures.add(cube(height * exposures.noise) * inside)
    return np.abs(height)


def saturated(exposures, rng):
    """Star beyond the full well, with a bleeding trail along its column."""
    n, (columns, rows) = len(exposures), coordinates(exposures.size)
    x, y = rng.normal(0, 1.5, (2, n))
    snr = log_uniform(rng, 600, 6000, n)
    shift = rng.normal(0, 0.15, (2, n))
    add_star(exposures, x, y, flux_of(exposures, snr), shift, rng.normal(1, 0.03, n))
    well = cube(exposures.noise * rng.uniform(60, 150, n))
    level = np.median(exposures.science, axis=(1, 2), keepdims=True)
    length = cube(rng.uniform(0, 12, n))
    bleeds = (np.abs(columns - cube(x)) <= 0.9) & (np.abs(rows - cube(y)) < length)
    full = bleeds | (exposures.science > level + well)
    excess = np.where(full, level + well - exposures.science, 0)
    exposures.science += excess
    exposures.difference += np.clip(excess, -2 * well, 2 * well)
    return snr


def satellite(exposures, rng):
    """Trail across the whole stamp."""
    n = len(exposures)
    x, y = rng.normal(0, 1.0, (2, n))
    width = exposures.seeing.fwhm / 2.355 * rng.uniform(0.9, 1.6, n)
    angle, length = rng.uniform(0, np.pi, n), rng.choice([15.0, 100.0, 100.0], n)
    height = log_uniform(rng, 2, 40, n)
    line = trail(exposures.size, x, y, angle, length, width)
    exposures.add(cube(height * exposures.noise) * line)
    return height


def ghost(exposures, rng):
    """Part of a large faint ring, or a diffuse blob."""
    n = len(exposures)
    radius = rng.choice([0.0, 1.0], n) * rng.uniform(4, 14, n)
    angle, width = rng.uniform(0, 2 * np.pi, n), rng.uniform(2.2, 5, n)
    height = log_uniform(rng, 1.5, 12, n)
    shape = ring(exposures.size, radius * np.cos(angle), radius * np.sin(angle), radius, width)
    exposures.add(cube(height * exposures.noise) * shape)
    return height


def noise_peak(exposures, rng):
    """Put the highest peak that the difference has anyway into the middle."""
    n, middle, image = len(exposures), exposures.size // 2, exposures.difference
    inside = image[:, 1:-1, 1:-1]
    smooth = sum(np.roll(inside, (i, j), (1, 2)) for i in (-1, 0, 1) for j in (-1, 0, 1))
    smooth = smooth[:, 1:-1, 1:-1].reshape(n, -1)
    row, column = np.divmod(smooth.argmax(axis=1), exposures.size - 4)
    steps, which = np.arange(-2, 3), np.arange(n)[:, None, None]
    rows, columns = row[:, None] + 2 + steps, column[:, None] + 2 + steps
    patch = image[which, rows[:, :, None], columns[:, None, :]]
    centre = slice(middle - 2, middle + 3)
    change = np.zeros_like(image)
    change[:, centre, centre] = patch - image[:, centre, centre]
    exposures.add(change)
    return smooth.max(axis=1) / (3 * exposures.noise)


def mottled(exposures, rng):
    """Bright star with an irregular pattern of the width of a pixel, as of a coarse sampling."""
    n = len(exposures)
    snr, height = log_uniform(rng, 40, 20_000, n), log_uniform(rng, 4, 80, n)
    x, y = rng.normal(0, 0.7, (2, n))
    flux = flux_of(exposures, snr)
    add_star(exposures, x, y, flux, rng.normal(0, 0.03, (2, n)), rng.normal(1, 0.01, n))
    star = cube(flux) * point_source(exposures.size, x, y, exposures.seeing)
    add_photon_noise(exposures, star, rng)
    depth = np.minimum(height * exposures.noise / star.max(axis=(1, 2)), 0.3)
    exposures.add(mottle(star, depth, rng) + cube(rng.normal(0, 0.5, n) * depth) * star)
    return height


def wrong_scale(exposures, rng):
    """Star of a poor exposure whose flux scale is wrong: every star of the stamp leaves a residual.

    Where it is too faint the difference is reference minus science, as the survey sends it.
    """
    n = len(exposures)
    exposures.noise = exposures.noise * log_uniform(rng, 3, 12, n)
    extra = cube(exposures.noise) * rng.standard_normal(exposures.science.shape, np.float32)
    exposures.add(extra)
    error = log_uniform(rng, 0.05, 0.6, n)
    snr = log_uniform(rng, 5, 40, n)
    flux, (x, y) = flux_of(exposures, snr / error), rng.normal(0, 0.35, (2, n))
    add_star(exposures, x, y, flux, rng.normal(0, 0.05, (2, n)), np.ones(n))
    sky = np.median(exposures.reference, axis=(1, 2), keepdims=True)
    exposures.difference += cube(error) * (exposures.reference - sky)
    return snr


ARTEFACTS = {
    "dipole": dipole,
    "residual": residual,
    "cosmic ray": cosmic_ray,
    "hot pixel": hot_pixel,
    "bad column": bad_column,
    "saturated": saturated,
    "satellite": satellite,
    "ghost": ghost,
    "noise peak": noise_peak,
    "mottled": mottled,
    "wrong scale": wrong_scale,
}
