"""Value, gradient and both matrices of stacked series against definitions and differences."""

import numpy as np
import pytest

from skastro.gaussian_process._rbf import RBFSeries

LENGTHS, STEP = np.array([3, 7, 8, 1]), 1e-4
ALL = np.arange(4)


@pytest.fixture(params=[False, True], ids=["zero mean", "constant mean"])
def series(request):
    """Four series of 1 to 8 points; what stands behind their ends must not matter."""
    rng = np.random.default_rng(0)
    columns = rng.uniform(0, 60, (4, 8)), 2 * rng.normal(size=(4, 8)), rng.uniform(0.1, 1, (4, 8))
    return columns, RBFSeries(*columns, LENGTHS, constant_mean=request.param)


def theta_of(seed):
    rng = np.random.default_rng(seed)
    return np.log(rng.uniform([0.5, 50, 0.05], [5, 900, 1], (4, 3)))


def covariance(time, variance, theta):
    shape = np.exp(-0.5 * np.subtract.outer(time, time) ** 2 / np.exp(theta[1]))
    return np.exp(theta[0]) * shape + np.diag(variance + np.exp(theta[2]))


def moved(theta, j, step):
    theta = theta.copy()
    theta[..., j] += step
    return theta


def test_value_is_that_of_each_series_alone(series):
    (time, flux, variance), stack = series
    theta = theta_of(1)
    solution = stack.solve(theta, ALL)
    for i, n in enumerate(LENGTHS):
        K = covariance(time[i, :n], variance[i, :n], theta[i])
        residual = flux[i, :n] - solution.mean_flux[i]
        expected = residual @ np.linalg.solve(K, residual) + np.linalg.slogdet(2 * np.pi * K)[1]
        assert solution.value[i] == pytest.approx(-0.5 * expected, rel=1e-10)


def test_gradient_and_hessian_by_differences(series):
    _, stack = series
    theta = theta_of(2)
    _, gradient, _, observed = stack.evaluate(theta, ALL)
    for j in range(3):
        up, down = (stack.evaluate(moved(theta, j, step), ALL) for step in (STEP, -STEP))
        slope = (up[0] - down[0]) / (2 * STEP)
        np.testing.assert_allclose(gradient[:, j], slope, rtol=1e-5, atol=1e-7)
        if not stack.constant_mean:
            bend = (up[1] - down[1]) / (2 * STEP)
            np.testing.assert_allclose(-observed[:, :, j], bend, rtol=1e-5, atol=1e-7)


def test_average_information_by_its_definition(series):
    (time, flux, variance), stack = series
    theta = theta_of(3)
    average = stack.evaluate(theta, ALL)[2]
    mean_flux = stack.solve(theta, ALL).mean_flux
    for i, n in enumerate(LENGTHS):
        rows = time[i, :n], variance[i, :n]
        slopes = [
            (
                covariance(*rows, moved(theta[i], j, STEP))
                - covariance(*rows, moved(theta[i], j, -STEP))
            )
            / (2 * STEP)
            for j in range(3)
        ]
        inverse = np.linalg.inv(covariance(*rows, theta[i]))
        vectors = np.array([slope @ inverse @ (flux[i, :n] - mean_flux[i]) for slope in slopes])
        np.testing.assert_allclose(average[i], 0.5 * vectors @ inverse @ vectors.T, rtol=1e-5)


def test_some_series_are_those_of_the_whole(series):
    _, stack = series
    theta = theta_of(4)
    for part, whole in zip(
        stack.evaluate(theta[[2, 0]], np.array([2, 0])), stack.evaluate(theta, ALL)
    ):
        np.testing.assert_array_equal(part, whole[[2, 0]])
