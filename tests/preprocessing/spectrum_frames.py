"""Frames of spectra made by hand."""

import numpy as np
from nested_pandas import NestedFrame

from skastro.utils.ragged import flatten, nest


def frame(objects, **columns):
    """Build X of a list of dicts of fields."""
    offsets = np.concatenate([[0], np.cumsum([len(o["flux"]) for o in objects])])
    rows = {name: np.concatenate([o[name] for o in objects]) for name in objects[0]}
    X = NestedFrame(columns or {"z": np.zeros(len(objects))})
    return X.assign(spectrum=nest(offsets, rows))


def opened(X):
    """Return a list of dicts of fields."""
    offsets, rows = flatten(X["spectrum"])
    return [
        {name: np.asarray(v[a:b]) for name, v in rows.items()}
        for a, b in zip(offsets[:-1], offsets[1:])
    ]


def random_spectra(seed=0, lengths=(400, 0, 90, 1, 7, 250), errors=True):
    rng = np.random.default_rng(seed)
    objects = []
    for n in lengths:
        x = np.sort(rng.uniform(3500, 9800, n))
        flux = 10.0 ** rng.integers(-17, 3) * (2 + np.sin(x / 300) + 0.2 * rng.normal(size=n))
        objects.append({"wavelength": x, "flux": flux, "flux_err": 0.1 * np.abs(flux)})
    return [o if errors else {k: o[k] for k in ("wavelength", "flux")} for o in objects]
