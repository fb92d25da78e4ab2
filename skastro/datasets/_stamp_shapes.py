"""Shapes on small images: point sources, galaxies, trails, rings.  One image per object.

Positions are in pixels from the centre; arrays of parameters have one element per object.
"""

from typing import NamedTuple

import numpy as np

_FLOAT = np.float32


class Seeing(NamedTuple):
    """Point-spread functions: full width at half maximum [pixels], ellipticity, angle [rad]."""

    fwhm: np.ndarray
    ellipticity: np.ndarray
    angle: np.ndarray

    def take(self, objects):
        """Return those of some objects."""
        return Seeing(*(values[objects] for values in self))

    def wider(self, factor):
        """Return them with another width."""
        return self._replace(fwhm=self.fwhm * factor)

    @property
    def alpha(self):
        """Scale of Moffat's profile of exponent 3 [pixels]."""
        return self.fwhm / (2 * np.sqrt(2 ** (1 / 3) - 1))

    @property
    def noise_pixels(self):
        """Square root of the number of pixels whose sky noise a point source has to beat.

        A source of flux F on a sky of standard deviation s has the signal to noise
        ``F / (s * noise_pixels)``.
        """
        return self.alpha * np.sqrt(5 * np.pi / 4)


def coordinates(size):
    """Return x of shape (1, 1, size) and y of shape (1, size, 1), zero in the middle."""
    line = (np.arange(size) - (size - 1) / 2).astype(_FLOAT)
    return line[None, None], line[None, :, None]


def cube(values):
    """Return one value per object with axes to broadcast over its pixels."""
    return np.asarray(values, _FLOAT)[:, None, None]


def turn_at_random(images, rng):
    """Rotate each image by a multiple of 90 degrees and mirror half of them, in place."""
    turned = rng.integers(8, size=len(images))
    for number in range(8):
        part = images[turned == number]
        part = part[:, :, ::-1] if number >= 4 else part
        images[turned == number] = np.rot90(part, number % 4, axes=(1, 2))


def rotated(size, x, y, angle):
    """Return coordinates along and across a direction through (x, y)."""
    columns, rows = coordinates(size)
    dx, dy = columns - cube(x), rows - cube(y)
    cosine, sine = cube(np.cos(angle)), cube(np.sin(angle))
    return dx * cosine + dy * sine, dy * cosine - dx * sine


def point_source(size, x, y, seeing):
    """Return Moffat profiles of exponent 3 and of unit flux."""
    along, across = rotated(size, x, y, seeing.angle)
    e = cube(seeing.ellipticity)
    q = ((along * (1 - e)) ** 2 + (across * (1 + e)) ** 2) / cube(seeing.alpha**2)
    height = 2 * (1 - seeing.ellipticity**2) / (np.pi * seeing.alpha**2)
    one = 1 / (1 + q)
    return cube(height) * one * one * one


def galaxy(size, x, y, radius, seeing):
    """Return exponential profiles of unit flux at infinity, softened by the seeing.

    `radius` is the scale length [pixels]; ellipticity and angle are those of `seeing`, tripled.
    """
    along, across = rotated(size, x, y, seeing.angle)
    e = cube(np.minimum(3 * seeing.ellipticity, 0.6))
    square = (along * (1 - e)) ** 2 + (across * (1 + e)) ** 2 + cube((0.4 * seeing.fwhm) ** 2)
    return cube(1 / (2 * np.pi * radius**2)) * np.exp(-np.sqrt(square) / cube(radius))


def trail(size, x, y, angle, length, width):
    """Return straight lines of height 1 with Gaussian profiles of standard deviation `width`."""
    along, across = rotated(size, x, y, angle)
    beyond = np.maximum(np.abs(along) - cube(length) / 2, 0)
    return np.exp(-0.5 * (across**2 + beyond**2) / cube(width) ** 2)


def ring(size, x, y, radius, width):
    """Return rings of height 1."""
    columns, rows = coordinates(size)
    distance = np.hypot(columns - cube(x), rows - cube(y))
    return np.exp(-0.5 * ((distance - cube(radius)) / cube(width)) ** 2)
