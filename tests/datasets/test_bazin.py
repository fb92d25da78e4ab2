"""The toy set: its equations, its gaps, its scale."""

import numpy as np
import pytest

from skastro.datasets import bazin, make_bazin
from skastro.utils.ragged import flatten


def test_function_against_its_formula_and_far_away():
    t = np.linspace(-40, 60, 101)
    wanted = 100 * np.exp(-t / 30) / (1 + np.exp(t / -5))
    np.testing.assert_allclose(bazin(t + 40, 100, -5, 30, 40), wanted, rtol=1e-12)
    assert (bazin([-1e5, 1e5], 100, -1, 10) == 0).all()


def test_classes_have_their_shapes():
    grid, y = make_bazin(2000, as_grid=True, random_state=0)
    assert np.unique(y, return_counts=True)[1].tolist() == [500] * 4
    curves = grid["target"][:, 1:] * grid["range"] + grid["minimum"]
    amplitude = {"bazin0": 100, "bazin1": 103, "bazin2": 100, "bazin3": 100}
    for name, fall in {"bazin0": 30, "bazin1": 10, "bazin2": 10, "bazin3": 15}.items():
        first = np.median(curves[y == name][:, :, 0], axis=0)
        assert first[40] == pytest.approx(amplitude[name] / 2, rel=0.02)
        tail = np.median(np.log(curves[y == name, 70, 0] / curves[y == name, 90, 0]))
        assert 20 / tail == pytest.approx(fall, rel=0.1)
    last = np.median(curves[y == "bazin0"][:, 40, 5])
    assert last == pytest.approx(45, rel=0.02)


def test_gaps_weights_and_scale():
    grid, _ = make_bazin(500, as_grid=True, random_state=1)
    seen = grid["weight"] == 1
    assert not seen[:, 0].any() and not grid["flux"][:, 0].any()
    assert seen[:, 1:].mean() == pytest.approx(0.1, abs=0.003)
    assert not grid["flux"][~seen].any()
    np.testing.assert_array_equal(grid["flux"][seen], grid["target"][seen])
    assert grid["flux"].max() == 1 and grid["flux"].min() == 0


def test_light_curves_are_the_grid():
    X, y = make_bazin(50, noise=3.0, random_state=2)
    grid, same = make_bazin(50, noise=3.0, as_grid=True, random_state=2)
    offsets, rows = flatten(X["lightcurve"])
    assert (y == same).all()
    seen = grid["weight"] == 1
    np.testing.assert_array_equal(np.diff(offsets), seen.sum(axis=(1, 2)))
    values = grid["flux"][seen] * grid["range"] + grid["minimum"]
    np.testing.assert_allclose(rows["flux"], values, atol=1e-4)
    np.testing.assert_array_equal(rows["time"], np.nonzero(seen)[1] - 1)
    residual = rows["flux"] - (grid["target"][seen] * grid["range"] + grid["minimum"])
    assert residual.std() == pytest.approx(3.0, rel=0.05)
    assert set(rows["flux_err"]) == {3.0}


def test_seeds_and_impossible_parameters():
    assert make_bazin(5, random_state=3)[0].equals(make_bazin(5, random_state=3)[0])
    assert not make_bazin(5, random_state=3)[0].equals(make_bazin(5, random_state=4)[0])
    for bad in ({"n_objects": 0}, {"drop": 1.0}, {"noise": -1.0}):
        with pytest.raises(ValueError, match=f"make_bazin: {next(iter(bad))}"):
            make_bazin(**bad)
