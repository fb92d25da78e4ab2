"""The compiled triangular routines against SciPy, for every number of rows up to the padding."""

import numpy as np
import pytest
from scipy.linalg import cho_solve, cholesky, inv

triangles = pytest.importorskip("skastro.gaussian_process._compiled._triangles")
pytestmark = pytest.mark.slow  # compiles its routines


def covariance(n, seed=0):
    """A covariance of `n` rows whose conditioning is that of a smooth light curve."""
    time = np.sort(np.random.default_rng(seed).uniform(0, 100, n))
    scaled = np.sqrt(3) * np.abs(time[:, None] - time) / 20
    return (1 + scaled) * np.exp(-scaled) + 1e-3 * np.eye(n)


def padded_lower(matrix):
    """Lower triangle with the identity in the padding and junk above the diagonal."""
    n = len(matrix)
    padded = np.eye(triangles.padded(n))
    padded[:n, :n] = matrix
    padded[np.triu_indices(len(padded), 1)] = 1e300
    return padded


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5, 7, 8, 9, 12, 13, 16, 17, 31, 64, 101, 203])
def test_triangles_equal_scipy(n):
    matrix = covariance(n)
    factor = padded_lower(matrix)
    upper, square = np.zeros_like(factor), np.full_like(factor, np.nan)
    assert triangles.factorize(factor)
    triangles.invert_transposed(factor, upper)
    triangles.square_upper(upper, square)
    vector = np.sin(np.arange(n))
    solved = vector.copy()
    triangles.solve_in_place(factor, solved)

    exact = cholesky(matrix, lower=True)
    np.testing.assert_allclose(np.tril(factor[:n, :n]), exact, atol=1e-12)
    np.testing.assert_allclose(upper[:n, :n], inv(exact).T, atol=1e-9)
    np.testing.assert_allclose(np.tril(square[:n, :n]), np.tril(inv(matrix)), atol=1e-7)
    np.testing.assert_allclose(solved, cho_solve((exact, True), vector), atol=1e-7)
    np.testing.assert_array_equal(factor[n:, :n], 0)
    np.testing.assert_array_equal(np.diag(factor)[n:], 1)


@pytest.mark.parametrize("row", [0, 5, 8, 20])
def test_a_matrix_without_factor_is_refused(row):
    indefinite = covariance(21)
    indefinite[row, row] = -1.0
    assert not triangles.factorize(padded_lower(indefinite))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_never_passes_as_a_number(value):
    broken = covariance(21)
    broken[13, 4] = value
    factor = padded_lower(broken)
    assert not triangles.factorize(factor) or not np.isfinite(np.diag(factor)).all()
