"""Gaussian processes of multi-band light curves: plain arrays in, plain arrays out."""

from skastro.gaussian_process._api import fit_light_curves, interpolate_light_curves, predict_grid
from skastro.gaussian_process._arguments import Padding
from skastro.gaussian_process._functions import (
    fisher_information,
    log_marginal_likelihood,
    log_marginal_likelihood_gradient,
)
from skastro.gaussian_process._per_band import interpolate_per_band
from skastro.gaussian_process._results import (
    Interpolation,
    LightCurveFits,
    PerBandInterpolation,
    PosteriorSamples,
    Status,
)
from skastro.gaussian_process._sample import sample_posterior, sample_posterior_at

__all__ = [
    "Interpolation",
    "LightCurveFits",
    "Padding",
    "PerBandInterpolation",
    "PosteriorSamples",
    "Status",
    "fisher_information",
    "fit_light_curves",
    "interpolate_light_curves",
    "interpolate_per_band",
    "log_marginal_likelihood",
    "log_marginal_likelihood_gradient",
    "predict_grid",
    "sample_posterior",
    "sample_posterior_at",
]
