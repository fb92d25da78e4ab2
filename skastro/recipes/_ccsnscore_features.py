"""Channels of CCSNscore: spectra, light curves and dm-dt maps as dense rows."""

from collections.abc import Callable, Sequence
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.pipeline import FeatureUnion, Pipeline

from skastro.feature_extraction import DmDt, LightCurveChannels, SpectrumPixels
from skastro.preprocessing import (
    Apodize,
    CleanSpectrum,
    DeredshiftSpectrum,
    NormalizeSpectrum,
    Rebin,
    RemoveContinuum,
    ReplaceOutliers,
    make_spectrum_preprocessing,
)
from skastro.surveys import Survey
from skastro.utils.grid import Grid

_LINES = (3700.0, 9000.0)
_HALPHA = Grid(6200.0, 6950.0, 192, "log")
_DMDT = (24, 24)
_SPECTRUM_DT = (0, 25, 50, 100, 200, 400, 800, 1200, 1600, 2400, 3200, 5000)
_SPECTRUM_DM = (-1, -0.5, -0.3, -0.2, -0.1, -0.02, 0.02, 0.1, 0.2, 0.3, 0.5, 1)


def make_ccsnscore_features(
    survey: str | Survey | None = "ZTF",
    *,
    channels: Sequence[str] = ("spec", "lines", "halpha"),
    deredshift: bool = True,
    resolution: int = 256,
    rebin: str = "flux",
    phase_length: int = 200,
    n_jobs: int | None = None,
) -> FeatureUnion:
    """Make the step from spectra and light curves to rows that hold all channels side by side.

    Parameters
    ----------
    survey : str or Survey, default="ZTF"
        Survey of the data.  It defines the wavelengths of the bands of light curves; None for
        bands of any other origin, whose fluxes are not scaled by wavelength.

    channels : sequence of str, default=("spec", "lines", "halpha")
        Any of ``"spec"``, the spectrum as in the paper; ``"lines"``, the spectrum on a
        logarithmic grid divided by its continuum; ``"halpha"``, 6200 to 6950 Angstrom in 192
        samples of 180 km/s, standardised, which separates narrow lines from broad ones;
        ``"redshift"``, the logarithm of the column ``redshift``, which encodes how far the survey
        detects each type and is valid for that survey only; ``"specdmdt"``, the dm-dt map of the
        spectrum; ``"lc<band>"``, flux and error of the light curve of a band; and
        ``"lc<band>dmdt"``, its dm-dt map.  The rows hold them in the order given.

    deredshift : bool, default=True
        Shift spectra to the rest frame where the redshift is known.

    resolution : int, default=256
        Number of samples of a spectrum.

    rebin : {"flux", "cubic", "linear"}, default="flux"
        Interpolation of spectra.  Means over bins score higher than the cubic interpolation of
        the paper (benchmarks/science/spectra.md).

    phase_length : int, default=200
        Days of the light curve after the first detection.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    Returns
    -------
    features : FeatureUnion
        From a NestedFrame to float32 rows; a channel that an object lacks is all NaN.

    Raises
    ------
    ValueError
        A channel is unknown or listed twice.

    Examples
    --------
    >>> from skastro.datasets import make_spectra
    >>> from skastro.recipes import make_ccsnscore_features
    >>> X, y = make_spectra(4, random_state=0)
    >>> make_ccsnscore_features(channels=["spec"], resolution=64).fit_transform(X).shape
    (4, 64)
    """
    ccsnscore_shapes(channels, resolution=resolution, phase_length=phase_length)
    spectrum = {"deredshift": deredshift, "resolution": resolution, "rebin": rebin}
    curve = {"phase_length": phase_length, "survey": survey, "n_jobs": n_jobs}
    bands = [_band(name) for name in channels if _kind(name) == "lc"]
    parts, done = [], set()
    for name in channels:
        kind = _kind(name)
        if kind == "lc" and kind not in done:
            parts.append(("lc", _light_curves(bands, **curve)))
        elif kind == "dmdt":
            parts.append((name, _light_curve_dmdt(_band(name), survey)))
        elif kind not in done:
            parts.append((name, _SPECTRA[kind](**spectrum)))
        done.add(kind)
    return FeatureUnion(parts)


def ccsnscore_shapes(
    channels: Sequence[str] = ("spec", "lines", "halpha"),
    *,
    resolution: int = 256,
    phase_length: int = 200,
) -> dict[str, tuple[int, ...]]:
    """Return the shape of each channel in the order of the columns.

    Parameters
    ----------
    channels : sequence of str, default=("spec", "lines", "halpha")
        Channels of the rows, see :func:`make_ccsnscore_features`.

    resolution : int, default=256
        Number of samples of a spectrum.

    phase_length : int, default=200
        Days of the light curve after the first detection.

    Returns
    -------
    shapes : dict of str -> tuple of int

    Raises
    ------
    ValueError
        A channel is unknown or listed twice, or other channels stand between light curves.

    Examples
    --------
    >>> from skastro.recipes import ccsnscore_shapes
    >>> ccsnscore_shapes(["spec", "lcg", "lcgdmdt"])
    {'spec': (1, 256), 'lcg': (2, 200), 'lcgdmdt': (1, 24, 24)}
    """
    if isinstance(channels, str) or len(set(channels)) < len(channels) or not len(channels):
        raise ValueError(f"make_ccsnscore: channels={channels!r} must be a list of distinct names")
    shapes = {
        "spec": (1, resolution),
        "lines": (1, resolution),
        "halpha": (1, len(_HALPHA)),
        "redshift": (1,),
        "specdmdt": (1, len(_SPECTRUM_DM) - 1, len(_SPECTRUM_DT) - 1),
        "lc": (2, phase_length),
        "dmdt": (1, *_DMDT),
    }
    kinds = [_kind(name) for name in channels]
    curves = np.flatnonzero(np.array(kinds) == "lc")
    if len(curves) and curves[-1] - curves[0] >= len(curves):
        raise ValueError(
            "make_ccsnscore: light curves are scaled together; list their channels side by side"
        )
    return {name: shapes[kind] for name, kind in zip(channels, kinds)}


def _kind(name):
    if name in _SPECTRA:
        return name
    if not name.startswith("lc") or name in ("lc", "lcdmdt"):
        known = [*_SPECTRA, "lc<band>", "lc<band>dmdt"]
        raise ValueError(f"make_ccsnscore: unknown channel {name!r}; known: {', '.join(known)}")
    return "dmdt" if name.endswith("dmdt") else "lc"


def _band(name):
    return name.removeprefix("lc").removesuffix("dmdt")


def _recipe_spectrum(deredshift, resolution, rebin):
    steps = make_spectrum_preprocessing(deredshift=deredshift, n_wavelengths=resolution)
    return steps.set_params(rebin__method=rebin)


def _spectrum(**options):
    return Pipeline([*_recipe_spectrum(**options).steps, ("pixels", SpectrumPixels())])


def _spectrum_dmdt(**options):
    maps = DmDt(
        _SPECTRUM_DT,
        _SPECTRUM_DM,
        time="wavelength",
        band=None,
        as_magnitude=False,
        column="spectrum",
    )
    steps = _recipe_spectrum(**options).steps
    return Pipeline([*steps, ("maps", maps), ("missing", _missing(1))])


def _lines(deredshift, resolution, rebin):
    steps = {
        "clean": CleanSpectrum(),
        "deredshift": DeredshiftSpectrum(),
        "rebin": Rebin(Grid(*_LINES, resolution, "log"), method=rebin),
        "continuum": RemoveContinuum(method="gaussian"),
        "outliers": ReplaceOutliers(-0.5, 4, value=1.0),
        "standard": NormalizeSpectrum(method="standard"),
        "taper": Apodize(),
        "pixels": SpectrumPixels(),
    }
    if not deredshift:
        del steps["deredshift"]
    return Pipeline(list(steps.items()))


def _light_curves(bands, phase_length, survey, n_jobs):
    curves = LightCurveChannels(
        phase_length, bands=bands, survey=survey, channels=("flux", "error"), n_jobs=n_jobs
    )
    return Pipeline([("curves", curves), ("missing", _missing(len(bands)))])


def _light_curve_dmdt(band, survey):
    return Pipeline([("maps", DmDt(bands=[band], survey=survey)), ("missing", _missing(1))])


def _halpha(deredshift, **_):
    steps = {
        "clean": CleanSpectrum(),
        "deredshift": DeredshiftSpectrum(),
        "rebin": Rebin(_HALPHA, method="flux"),
        "standard": NormalizeSpectrum(method="standard"),
        "taper": Apodize(),
        "pixels": SpectrumPixels(),
        "missing": _missing(1),
    }
    if not deredshift:
        del steps["deredshift"]
    return Pipeline(list(steps.items()))


def _redshift(**_):
    return LogRedshift()


_SPECTRA: dict[str, Callable] = {
    "spec": _spectrum,
    "lines": _lines,
    "halpha": _halpha,
    "redshift": _redshift,
    "specdmdt": _spectrum_dmdt,
}


def _missing(n_parts):
    return BlankParts(n_parts)


class _Stateless(TransformerMixin, BaseEstimator):
    """A transformer that learns nothing; a class, because model files hold no functions."""

    def fit(self, X: Any, y: Any = None) -> Self:
        """Do nothing."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        return True


class LogRedshift(_Stateless):
    """Return the logarithm of the column ``redshift``, NaN where there is no positive redshift."""

    def transform(self, X: pd.DataFrame) -> NDArray[np.float32]:
        """Return one column."""
        if "redshift" not in X:
            raise ValueError(
                f"make_ccsnscore: the channel 'redshift' requires the column 'redshift'; "
                f"X has {list(X)}"
            )
        redshift = np.asarray(X["redshift"], np.float64)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(redshift > 0, np.log10(redshift), np.nan).astype(np.float32)[:, None]

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """Return the name of the column."""
        return np.array(["log10_redshift"], object)


class BlankParts(_Stateless):
    """Replace the parts of rows that are zero everywhere by NaN.

    Parameters
    ----------
    n_parts : int, default=1
        Number of parts of equal length.
    """

    def __init__(self, n_parts: int = 1):
        self.n_parts = n_parts

    def transform(self, X: ArrayLike) -> NDArray[np.float32]:
        """Return rows of the same shape."""
        rows = np.array(X, np.float32)
        parts = rows.reshape(len(rows), self.n_parts, -1)
        parts[~parts.any(axis=2)] = np.nan
        return parts.reshape(len(rows), -1)

    def get_feature_names_out(self, input_features: Any = None) -> Any:
        """Return the names of the columns of the input."""
        return input_features
