"""Predictions for supernovae from those for their spectra."""

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

_SMALLEST = 1e-6


def pool_spectra(
    proba: ArrayLike,
    names: ArrayLike,
    *,
    quality: ArrayLike | None = None,
    classes: ArrayLike | None = None,
) -> pd.DataFrame:
    r"""Return the class probabilities of supernovae from those of their spectra.

    The probabilities :math:`p_{ik}` of the spectra `i` of a supernova are averaged as logarithms
    with the weights :math:`q_i`,

    .. math:: P_k \propto \exp\left(\frac{\sum_i q_i \ln p_{ik}}{\sum_i q_i}\right),

    a mean and not a sum, because the errors of the spectra of one supernova are correlated.

    Parameters
    ----------
    proba : array-like or DataFrame of shape (n_spectra, n_classes)
        Probabilities; a spectrum with NaN is ignored.

    names : array-like of shape (n_spectra,)
        Supernova of each spectrum.

    quality : array-like of shape (n_spectra,), default=None
        Weights, not negative, such as the signal-to-noise ratio; all equal by default.

    classes : array-like of shape (n_classes,), default=None
        Names of the columns; by default those of a DataFrame, or numbers.

    Returns
    -------
    pooled : DataFrame of shape (n_supernovae, n_classes)
        Sorted by the name of the supernova; NaN where no spectrum has a probability.

    Raises
    ------
    ValueError
        Lengths that differ, or weights that are negative or NaN.

    Examples
    --------
    >>> from skastro.recipes import pool_spectra
    >>> proba = [[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]
    >>> table = pool_spectra(proba, ["SN1", "SN1", "SN2"], classes=["II", "Ia"])
    >>> table.round(2).loc["SN1"].tolist()
    [0.75, 0.25]
    """
    table = pd.DataFrame(proba, columns=classes, dtype=float).reset_index(drop=True)
    names = np.asarray(names)
    weights = np.ones(len(table)) if quality is None else np.asarray(quality, float)
    if not len(table) == len(names) == len(weights):
        raise ValueError(
            f"pool_spectra: {len(table)} rows of proba, {len(names)} names and {len(weights)} "
            f"values of quality"
        )
    if not (weights >= 0).all():
        raise ValueError("pool_spectra: quality must hold numbers that are not negative")
    weights = np.where(table.isna().any(axis=1), 0.0, weights)
    logs = np.log(table.fillna(1.0).clip(lower=_SMALLEST))
    totals = pd.Series(weights).groupby(names).sum()
    means = logs.mul(weights, axis=0).groupby(names).sum().div(totals.where(totals > 0), axis=0)
    pooled = np.exp(means)
    return pooled.div(pooled.sum(axis=1, min_count=1), axis=0)
