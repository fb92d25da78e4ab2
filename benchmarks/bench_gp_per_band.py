"""Per-band processes beside scikit-learn's regressor: speed and likelihood, one thread.

    python benchmarks/bench_gp_per_band.py [--objects 300] [--restarts 0]

Simulated ZTF supernovae in g and r within 30 days before and 120 after the peak.  Both maximise
the likelihood of the same model (squared exponential of 20 to 150 days, white noise, the errors
on the diagonal) and predict mean and standard deviation at 200 dates.
"""

import argparse
import time
import warnings

import numpy as np
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
from threadpoolctl import threadpool_limits

from skastro.datasets import make_light_curves
from skastro.gaussian_process import interpolate_per_band
from skastro.preprocessing import Window
from skastro.utils.ragged import flatten

TIMES = np.linspace(-30, 120, 200)
BANDS = ("g", "r")


def simulate(n_objects):
    """Arguments of `interpolate_per_band`, dates relative to the peak."""
    X, _ = make_light_curves(
        n_objects, survey="ZTF", classes=["SNIa", "SNII", "SNIbc"], random_state=0
    )
    X = Window(start=-30, stop=120).fit_transform(X)
    offsets, rows = flatten(X["lightcurve"], ("time", "band", "flux", "flux_err"))
    time_ = rows["time"] - np.repeat(X["peak_time"].to_numpy(float), np.diff(offsets))
    return offsets, time_, rows["band"], rows["flux"].astype(float), rows["flux_err"].astype(float)


def by_scikit_learn(data, n_restarts):
    """Log likelihoods (n_objects, n_bands), NaN below 3 observations, and seconds."""
    offsets, time_, band, flux, flux_err = data
    values = np.full((len(offsets) - 1, len(BANDS)), np.nan)
    begin = time.perf_counter()
    for i, j in np.ndindex(*values.shape):
        own = np.arange(offsets[i], offsets[i + 1])
        own = own[np.asarray(band[own] == BANDS[j])]
        if len(own) < 3:
            continue
        unit = np.abs(flux[own]).max()
        scaled, square = flux[own] / unit, np.mean((flux[own] / unit) ** 2)
        kernel = ConstantKernel(square, (square * np.exp(-10), square * np.exp(10)))
        kernel = kernel * RBF(40.0, (20.0, 150.0)) + WhiteKernel(0.02 * square, (1e-10, 4.0))
        process = GaussianProcessRegressor(
            kernel,
            alpha=(flux_err[own] / unit) ** 2,
            n_restarts_optimizer=n_restarts,
            random_state=0,
        ).fit(time_[own, None], scaled)
        process.predict(TIMES[:, None], return_std=True)
        values[i, j] = process.log_marginal_likelihood_value_ - len(own) * np.log(unit)
    return values, time.perf_counter() - begin


def main():
    """Print one line an implementation and the comparison of likelihoods."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=300)
    parser.add_argument("--restarts", type=int, default=0)
    options = parser.parse_args()
    warnings.simplefilter("ignore", ConvergenceWarning)
    data = simulate(options.objects)
    with threadpool_limits(1, "blas"):
        expected, slow = by_scikit_learn(data, options.restarts)
        interpolate_per_band(*data, TIMES, bands=BANDS)
        for n_starts in (1, 2, 3):
            begin = time.perf_counter()
            result = interpolate_per_band(*data, TIMES, bands=BANDS, n_starts=n_starts)
            seconds = time.perf_counter() - begin
            fitted = result.status == 0
            gain = (result.log_likelihood - expected)[fitted]
            print(
                f"{n_starts} start(s): {fitted.sum() / seconds:.0f} bands/s, "
                f"{slow / seconds:.0f} x scikit-learn, "
                f"{result.n_evaluations[fitted].mean():.1f} evaluations, "
                f"{result.converged[fitted].mean():.1%} converged; log likelihood worse by 1e-3 "
                f"in {(gain < -1e-3).sum()}, better in {(gain > 1e-3).sum()} of {fitted.sum()}, "
                f"smallest {gain.min():.2g}, largest {gain.max():.2g}"
            )
    print(f"scikit-learn, {options.restarts} restarts: {fitted.sum() / slow:.0f} bands/s")
    lengths = np.diff(data[0]) / len(BANDS)
    print(f"observations a band: median {np.median(lengths):.0f}, largest {lengths.max():.0f}")


if __name__ == "__main__":
    main()
