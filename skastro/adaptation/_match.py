"""A simulation whose spectra and luminosities match unlabelled objects of the target."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor

from skastro.datasets import Variety, make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.surveys import Survey, get_survey
from skastro.utils.random import RandomState, as_generator

_TRUTHS = {"slope": "true_slope_error", "magnitude": "true_dimmed"}
_MIN_SENSITIVITY = 0.02


def match_variety(
    X_target: Any,
    *,
    survey: str | Survey = "LSST",
    variety: Variety | None = None,
    width: float = 0.6,
    n_objects: int = 4000,
    random_state: RandomState = None,
) -> Variety:
    r"""Narrow the variety of a simulation to what unlabelled objects of the target look like.

    Objects are simulated with all values of `variety`, and gradient boosting learns to tell the
    slope :math:`s` of the spectrum and the change of luminosity from statistics of a light curve
    and its redshift.  One object constrains little: predictions are pulled towards the mean
    :math:`\bar s` of the simulation by a factor :math:`b`, measured on simulated objects that were
    held out.  The mean over the target, :math:`\bar s + (\langle \hat s \rangle_{target} - \langle
    \hat s \rangle_{held\,out}) / b`, constrains more, because all its objects share one error of
    the simulation.

    Parameters
    ----------
    X_target : NestedFrame of shape (n_target, n_columns)
        Objects of the target with light curves and the column ``redshift``; no labels.  Objects
        without redshift are not used.

    survey : str or Survey, default="LSST"
        Survey of the target.

    variety : Variety, default=Variety(slope=(-2.5, 0.5), per_wavelength=0)
        Variety to start from; the estimates stay within its ranges.

    width : float, default=0.6
        Width of the new ranges, centred on the estimates.

    n_objects : int, default=4000
        Number of simulated objects.

    random_state : int, Generator, RandomState or None, default=None
        Source of randomness.

    Returns
    -------
    variety : Variety
        With narrower ranges of `slope` and `magnitude`.

    Raises
    ------
    ValueError
        Fewer than ten objects of the target have a redshift.

    See Also
    --------
    skastro.datasets.make_light_curves : Takes the result as its parameter `variety`.

    Notes
    -----
    The mixture of classes of the target may differ from that of the simulation, and shifts the
    estimates: check them against a few objects of known class.

    References
    ----------
    .. [1] K. Cranmer et al., "The frontier of simulation-based inference", PNAS 117, 30055 (2020),
       arXiv:1911.01429.

    Examples
    --------
    >>> from skastro.adaptation import match_variety
    >>> from skastro.datasets import Variety, make_light_curves
    >>> blue = Variety(slope=(0.0, 0.0), per_wavelength=1.0)
    >>> X_target, _ = make_light_curves(200, variety=blue, random_state=0)
    >>> found = match_variety(X_target, n_objects=1000, random_state=0)
    >>> bool(found.slope[1] < -0.8)
    True
    """
    start = Variety((-2.5, 0.5), per_wavelength=0.0) if variety is None else variety
    rng, survey = as_generator(random_state), get_survey(survey)
    options: dict[str, Any] = {"survey": survey, "variety": start, "random_state": rng}
    X, _ = make_light_curves(n_objects, return_truth=True, **options)
    X = X[X["redshift"].notna() & (X["true_redshift"] > 0)]
    n_known = int(X_target["redshift"].notna().sum())
    if n_known < 10:
        raise ValueError(f"match_variety: only {n_known} objects of X_target have a redshift")
    rows, target = _rows(X, survey), _rows(X_target, survey)
    held = rng.random(len(X)) < 1 / 3
    ranges = {}
    for name, truth in _TRUTHS.items():
        centre = _estimate(rows, X[truth].to_numpy(float), held, target)
        ranges[name] = _around(centre, getattr(start, name), width)
    return replace(start, **ranges)


def _rows(X: pd.DataFrame, survey: Survey) -> NDArray[np.float64]:
    """Return statistics and redshift of the objects that have one."""
    X = X[X["redshift"].notna()]
    statistics = LightCurveStatistics(bands=list(survey.wavelengths), survey=survey)
    return np.column_stack([statistics.fit_transform(X), X["redshift"].to_numpy(float)])


def _estimate(rows, truth, held, target):
    model = HistGradientBoostingRegressor(max_iter=80, max_leaf_nodes=15, random_state=0)
    model.fit(rows[~held], truth[~held])
    predicted = model.predict(rows[held])
    variance = truth[held].var()
    if variance == 0:
        return truth.mean()
    pull = np.cov(predicted, truth[held])[0, 1] / variance
    shift = model.predict(target).mean() - predicted.mean()
    return truth.mean() + shift / max(pull, _MIN_SENSITIVITY) if pull > 0 else truth.mean()


def _around(centre, limits, width):
    """Return a range of some width around the estimate, inside the limits."""
    low, high = limits
    half = min(width, high - low) / 2
    centre = float(np.clip(centre, low + half, high - half))
    return centre - half, centre + half
