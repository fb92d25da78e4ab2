"""Variability of light curves: values by hand, and what identifies flat sources and artefacts."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.feature_extraction import VariabilityStatistics
from skastro.testing import check_light_curve_estimator
from skastro.utils.ragged import nest


def curves(*objects):
    """Return a frame of light curves given as lists of (time, band, flux, flux_err)."""
    offsets = np.cumsum([0, *(len(rows) for rows in objects)])
    columns = list(zip(*[row for rows in objects for row in rows]))
    rows = dict(zip(("time", "band", "flux", "flux_err"), map(list, columns)))
    X = NestedFrame({"z": np.zeros(len(objects))})
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def table(X):
    return VariabilityStatistics().set_output(transform="pandas").fit_transform(X)


def test_by_hand():
    X = curves([(0, "g", 1, 1), (1, "g", 3, 1), (2, "r", 5, 2)], [(0, "g", 4, 2)])
    found = table(X)
    # Residuals are -1, 1 (mean 2 in g) and 0 (one observation in r); S/N are 1, 3 and 2.5.
    assert found["log_chi2_of_constant"][0] == pytest.approx(np.log10(2 / 3))
    assert found["log_chi2_of_zero"][0] == pytest.approx(np.log10((1 + 9 + 6.25) / 3))
    assert found["largest_share"][0] == pytest.approx(0.5)
    assert found["roughness"][0] == pytest.approx(4 / (2 * 2 / 3))
    assert found["asymmetry"][0] == pytest.approx(0.5)
    assert found["log_chi2_of_constant"][1] == pytest.approx(-3)
    assert found["log_chi2_of_zero"][1] == pytest.approx(np.log10(4))


def test_order_of_the_rows_does_not_matter():
    rows = [(t, "gr"[t % 2], float(t**2 % 7), 1.0) for t in range(9)]
    found = table(curves(rows, rows[::-1])).to_numpy()
    np.testing.assert_allclose(found[0], found[1], rtol=1e-6)


def test_flat_sources_spikes_and_smooth_curves():
    rng = np.random.default_rng(0)
    time = np.arange(60)
    noise = rng.normal(size=(3, 60))
    smooth = 30 * np.exp(-(((time - 30) / 10) ** 2))
    spike = np.where(time == 20, 40.0, 0.0)
    fluxes = [np.full(60, 20.0) + noise[0], spike + noise[1], smooth + noise[2]]
    found = table(curves(*[[(t, "g", f, 1.0) for t, f in zip(time, flux)] for flux in fluxes]))
    assert abs(found["log_chi2_of_constant"][0]) < 0.2
    assert found["largest_share"][1] > 0.9
    assert found["roughness"].round(1).tolist()[2] < 0.2
    assert 0.6 < found["roughness"][0] < 1.4


def test_contract():
    check_light_curve_estimator(VariabilityStatistics())
