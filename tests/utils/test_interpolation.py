"""Interpolation of many functions at once against SciPy, one by one."""

import numpy as np
import pytest
from scipy.interpolate import CubicSpline

from skastro.utils.interpolation import (
    bin_means,
    interpolate_cubic,
    interpolate_linear,
    last_below,
)

LENGTHS = [0, 5, 1, 2, 3, 4, 300, 0, 57]


def functions(seed, lengths=LENGTHS):
    rng = np.random.default_rng(seed)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    x = [np.sort(rng.choice(5000, n, replace=False)) + rng.uniform(0, 0.9, n) for n in lengths]
    y = [10.0 ** rng.integers(-18, 5) * rng.normal(size=n) for n in lengths]
    return offsets, np.concatenate(x), np.concatenate(y)


def targets_for(offsets, x, seed):
    """Targets inside, outside and exactly at the rows."""
    rng = np.random.default_rng(seed)
    own = [np.concatenate([rng.uniform(-100, 5100, 40), x[a:b]]) for a, b in pairs(offsets)]
    target_offsets = np.concatenate([[0], np.cumsum([len(t) for t in own])])
    return target_offsets, np.concatenate(own)


def pairs(offsets):
    return list(zip(offsets[:-1], offsets[1:]))


@pytest.mark.parametrize("seed", range(3))
def test_last_below_is_a_search_in_each_function(seed):
    offsets, x, _ = functions(seed)
    x = x.copy()
    x[offsets[6] + 3] = x[offsets[6] + 2]
    target_offsets, targets = targets_for(offsets, x, seed)
    found = last_below(offsets, x, target_offsets, targets)
    for (a, b), (c, d) in zip(pairs(offsets), pairs(target_offsets)):
        expected = a - 1 + np.searchsorted(x[a:b], targets[c:d], side="right")
        np.testing.assert_array_equal(found[c:d], expected)


def test_last_below_where_rounding_of_keys_would_lie():
    """Abscissae that differ in the last bit, in the last of many functions."""
    x = np.tile([1.0, np.nextafter(1.0, 2), 1e6], 5000)
    offsets, targets = np.arange(5001) * 3, np.tile([1.0, np.nextafter(1.0, 0)], 5000)
    found = last_below(offsets, x, np.arange(5001) * 2, targets).reshape(-1, 2)
    np.testing.assert_array_equal(found - offsets[:-1, None], [[0, -1]] * 5000)


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("kind", ["linear", "cubic"])
def test_against_scipy(kind, seed):
    offsets, x, y = functions(seed)
    target_offsets, targets = targets_for(offsets, x, seed)
    function = {"linear": interpolate_linear, "cubic": interpolate_cubic}[kind]
    values = function(offsets, x, y, target_offsets, targets)
    for (a, b), (c, d) in zip(pairs(offsets), pairs(target_offsets)):
        own, at = values[c:d], targets[c:d]
        if b - a < 2:
            assert np.isnan(own).all()
            continue
        inside = (at >= x[a]) & (at <= x[b - 1])
        linear = np.interp(at, x[a:b], y[a:b])
        spline = CubicSpline(x[a:b], y[a:b])(at) if kind == "cubic" else linear
        assert np.isnan(own[~inside]).all()
        scale = np.abs(spline[inside]).max()
        np.testing.assert_allclose(own[inside], spline[inside], rtol=0, atol=1e-9 * scale)


def test_nothing_at_all():
    nothing = np.empty(0)
    for function in (interpolate_linear, interpolate_cubic):
        assert len(function([0, 0], nothing, nothing, [0, 0], nothing)) == 0
        assert np.isnan(function([0, 0], nothing, nothing, [0, 2], np.ones(2))).all()
    assert np.isnan(bin_means([0, 0], nothing, nothing, np.array([0.0, 1.0]))).all()


def test_bin_means_against_a_loop_over_overlaps():
    offsets, x, y = functions(1)
    edges = np.sort(np.random.default_rng(0).uniform(-200, 5200, 60))
    means = bin_means(offsets, x, y, edges)
    for own, (a, b) in zip(means, pairs(offsets)):
        if b - a < 2:
            assert np.isnan(own).all()
            continue
        middles = (x[a : b - 1] + x[a + 1 : b]) / 2
        borders = np.r_[2 * x[a] - middles[0], middles, 2 * x[b - 1] - middles[-1]]
        for value, low, high in zip(own, edges, edges[1:]):
            overlap = np.clip(
                np.minimum(borders[1:], high) - np.maximum(borders[:-1], low), 0, None
            )
            if low < borders[0] or high > borders[-1]:
                assert np.isnan(value)
            else:
                scale = np.abs(y[a:b]).max() * (borders[-1] - borders[0]) / (high - low)
                assert abs(value - overlap @ y[a:b] / (high - low)) < 1e-12 * scale


def test_bin_means_conserve_the_integral():
    x, y = np.arange(4000.0, 9000.0, 2), np.random.default_rng(0).normal(1, 0.3, 2500)
    edges = np.geomspace(4500, 8500, 100)
    means = bin_means([0, 2500], x, y, edges)[0]
    one = bin_means([0, 2500], x, y, edges[[0, -1]])[0, 0]
    np.testing.assert_allclose((means * np.diff(edges)).sum(), one * 4000, rtol=1e-12)
