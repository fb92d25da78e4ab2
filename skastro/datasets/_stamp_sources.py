"""What real candidates are, each a function of an observation and its random numbers.

As an artefact does, a source changes the images of its objects in place.
"""

import numpy as np

from skastro.datasets._stamp_artefacts import (
    add_photon_noise,
    add_star,
    flux_of,
    log_uniform,
    mottle,
)
from skastro.datasets._stamp_shapes import cube, point_source


def transient(exposures, rng):
    """Source that the reference does not have, or fainter; down to the limit of detection."""
    n = len(exposures)
    snr = 4.5 + rng.exponential(8.0, n) * rng.choice([1.0, 6.0], n, p=[0.8, 0.2])
    x, y = rng.normal(0, 0.35, (2, n))
    flux = flux_of(exposures, snr)
    exposures.add(cube(flux) * point_source(exposures.size, x, y, exposures.seeing))
    before = rng.choice([0.0, 1.0], n, p=[0.8, 0.2]) * rng.uniform(0, 1, n)
    for image, seeing in (
        (exposures.science, exposures.seeing),
        (exposures.reference, exposures.seeing_reference),
    ):
        image += cube(before * flux) * point_source(exposures.size, x, y, seeing)
    return snr


def variable(exposures, rng):
    """Star of the reference, from faint to very bright, that has become brighter or fainter.

    Where it is fainter the difference is reference minus science, as the survey sends it.
    """
    n = len(exposures)
    snr, change = log_uniform(rng, 5, 3000, n), log_uniform(rng, 0.08, 3, n)
    is_fainter = rng.random(n) < 0.5
    change = np.where(is_fainter, -np.minimum(change, 0.95), change)
    before = flux_of(exposures, snr) / np.abs(change)
    x, y = rng.normal(0, 0.35, (2, n))
    add_star(exposures, x, y, before, rng.normal(0, 0.05, (2, n)) * np.abs(change), np.ones(n))
    star = cube(before) * point_source(exposures.size, x, y, exposures.seeing)
    exposures.add(cube(change) * star)
    add_photon_noise(exposures, cube(1 + change) * star, rng)
    depth = np.minimum(log_uniform(rng, 1e-3, 0.03, n), 0.15 * np.abs(change))
    exposures.add(mottle(star, depth, rng))
    exposures.difference[is_fainter] *= -1
    return snr


def moving(exposures, rng):
    """Source of the science image alone that moves by up to two widths during the exposure."""
    n = len(exposures)
    snr = 4.5 + rng.exponential(15.0, n)
    x, y = rng.normal(0, 0.35, (2, n))
    length, angle = rng.uniform(0, 2, n) * exposures.seeing.fwhm, rng.uniform(0, 2 * np.pi, n)
    steps = [
        point_source(
            exposures.size,
            x + part * length * np.cos(angle),
            y + part * length * np.sin(angle),
            exposures.seeing,
        )
        for part in np.linspace(-0.5, 0.5, 9)
    ]
    exposures.add(cube(flux_of(exposures, snr)) * np.mean(steps, axis=0))
    return snr


SOURCES = {"transient": transient, "variable": variable, "moving": moving}
