"""The widths of the point-spread functions of real cutouts, from their stars."""

import numpy as np

from skastro.datasets._stamp_shapes import Seeing, point_source

_HALF = 3
_LEAST_SNR = 25.0
_WIDTHS = np.linspace(1.0, 6.0, 51)


def measure_seeing(images, rng):
    """Return the full width at half maximum [pixels] in images of shape (n, height, width).

    The median of the stars of an image; where there is none, that of another image, at random.
    """
    found = np.array([_width_of_stars(image) for image in images])
    known = np.flatnonzero(np.isfinite(found))
    if not len(known):
        return None
    return np.where(np.isfinite(found), found, found[rng.choice(known, len(found))])


def _width_of_stars(image):
    """Return the median width of the stars well above the noise, NaN if there are none."""
    middle = np.nanmedian(image)
    noise = max(1.4826 * np.nanmedian(np.abs(image - middle)), 1e-3)
    patches = _peaks(np.nan_to_num(image - middle), _LEAST_SNR * noise)
    if not len(patches):
        return np.nan
    widths = np.interp(-_concentration(patches), -_TABLE, _WIDTHS)
    return np.median(widths)


def _peaks(image, limit):
    """Return the 7 x 7 pixels around each pixel above `limit` that is the highest of them."""
    windows = np.lib.stride_tricks.sliding_window_view(image, (2 * _HALF + 1,) * 2)
    centre = windows[..., _HALF, _HALF]
    return windows[(centre > limit) & (centre == windows.max(axis=(-2, -1)))]


def _concentration(patches):
    """Return the share of the inner 3 x 3 pixels in the flux."""
    inner = slice(_HALF - 1, _HALF + 2)
    return patches[:, inner, inner].sum(axis=(1, 2)) / patches.sum(axis=(1, 2))


def _table():
    """Return the concentration of stars of `_WIDTHS`, mean over their places in a pixel."""
    round_ = Seeing(_WIDTHS, np.zeros_like(_WIDTHS), np.zeros_like(_WIDTHS))
    places = [(0.0, 0.0), (0.25, 0.25), (0.5, 0.0), (0.5, 0.5)]
    ones, size = np.ones_like(_WIDTHS), 2 * _HALF + 1
    stars = [point_source(size, *np.multiply.outer(place, ones), round_) for place in places]
    return np.mean([_concentration(star) for star in stars], axis=0)


_TABLE = _table()
