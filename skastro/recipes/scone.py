"""SCONE: a convolutional network on Gaussian-process heat maps of light curves.

Qu, Sako, Möller & Doux 2021, AJ 162, 67 (arXiv:2106.04370); early epochs: Qu & Sako 2022,
AJ 163, 57 (arXiv:2111.05539).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import ClassifierMixin
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import QuantileTransformer

from skastro.feature_extraction import (
    GPInterpolate,
    Heatmap,
    LightCurveStatistics,
    StaticColumns,
)
from skastro.neural_network import HeatmapCNNClassifier
from skastro.preprocessing import (
    AsinhScale,
    CleanPhotometry,
    CompareWithTraining,
    Deredden,
    DrawDays,
    EstimatePeak,
    MarkQuality,
    ReplaceMissing,
    SelectBands,
    TriggerTime,
    Window,
)
from skastro.recipes._options import make_networks, split_options
from skastro.resampling import DropUnusable, ResamplingPipeline, RowSampler
from skastro.surveys import Survey
from skastro.utils.grid import Grid

SCONE_PAPER = {
    "cuts": {"min_detections": 5, "min_total_snr": 10.0, "min_duration": 30.0, "max_gap": 50.0},
    "peak": None,
    "dust": "scone",
    "kernel": "radial",
    "wavelength_scale": "free",
    "brightness": False,
    "balanced": True,
    "max_epochs": 400,
    "lr": 5e-5,
    "batch_size": 32,
    "schedule": "constant",
    "validation": None,
}
"""Cuts, features and training of Qu et al. 2021 as parameters of :func:`make_scone`."""

SMALL_SAMPLE = {
    "max_epochs": 60,
    "n_networks": 4,
    "class_weight": "balanced",
    "lr": 1e-3,
    "validation": None,
    "static_scaler": QuantileTransformer(n_quantiles=100, output_distribution="normal"),
}
"""Parameters of :func:`make_scone_classifier` for about a thousand objects, with `statistics`.

No object is held out for validation, the heavy tails of the statistics are mapped to a normal
distribution, and four networks average out the scatter between trainings.
"""

_EARLY_START = -20.0


def make_scone_features(
    survey: str | Survey = "LSST",
    *,
    with_redshift: bool = False,
    brightness: bool = True,
    statistics: bool = False,
    days: float | tuple[int, int] | None = None,
    peak: str | None = "snr",
    start: float = -30.0,
    stop: float = 150.0,
    n_times: int = 180,
    n_wavelengths: int = 32,
    dust: str | None = "correct",
    kernel: str = "separable",
    wavelength_scale: float | str | tuple[float, float] = 6000.0,
    cuts: dict | None = None,
    engine: str = "auto",
    verbose: int = 0,
    n_jobs: int | None = None,
) -> Pipeline:
    """Make the pipeline from light curves to rows of a heat map and static columns.

    A warning is issued when new light curves lie outside the training set
    (:class:`skastro.preprocessing.CompareWithTraining`).

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the effective wavelengths of the bands.

    with_redshift : bool, default=False
        Append the columns ``redshift`` and ``redshift_err`` of `X`; NaN where unknown.

    brightness : bool, default=True
        Append log10 of the maximum flux, which the normalisation of the image removes.  The
        paper does not use it.

    statistics : bool, default=False
        Append :class:`skastro.feature_extraction.LightCurveStatistics`, compressed by the inverse
        hyperbolic sine.  They help on small and heterogeneous data sets.

    days : None, float or tuple of 2 ints, default=None
        None: whole light curves around the peak.  A number: only the observations known that many
        days after the trigger (:class:`skastro.preprocessing.TriggerTime`), from 20 days before
        it.  Two numbers: for each object a number of days sampled between them.

    peak : {"snr", "gp", None}, default="snr"
        Method of :class:`skastro.preprocessing.EstimatePeak`, which dates the peak from the light
        curve, so that the date is the same quantity in training and for new data.  None: the column
        ``peak_time`` unchanged.  No effect with `days`.

    start, stop : float, default=-30, 150
        Edges of the time grid in days after the peak; no effect with `days`.

    n_times, n_wavelengths : int, default=180, 32
        Size of the heat map; wavelengths run from 3000 to 10100 Angstrom.

    dust : {"correct", "scone", None}, default="correct"
        Correct the fluxes for the Milky Way's dust with the column ``mwebv``, add magnitudes to
        fluxes as the original code did, or do nothing.  With "correct", an object without
        ``mwebv`` is unclassified; None classifies it.

    kernel : {"separable", "radial"}, default="separable"
        Covariance of :class:`skastro.feature_extraction.GPInterpolate`.  The separable one is
        linear in the observations of an object, the radial one of the paper takes their third
        power; the network scores as high with either (benchmarks/science/gp_kernels.md).

    engine : {"auto", "numba", "numpy", "george"}, default="auto"
        See :class:`skastro.feature_extraction.GPInterpolate`; "george" requires the radial kernel.

    wavelength_scale : float, "free" or tuple of 2 floats, default=6000
        Length scale in wavelength in Angstrom.  The paper fits it for each object, ``"free"``.
        With a fixed one, as in avocado, the network scores higher
        (benchmarks/science/gp_kernels.md).

    cuts : dict, default=None
        Parameters of :class:`skastro.preprocessing.MarkQuality`; by default objects require at
        least 2 observations.  ``SCONE_PAPER["cuts"]`` holds the cuts of the paper.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    Returns
    -------
    features : Pipeline
        From a NestedFrame to float32 rows of length ``2 * n_wavelengths * n_times`` plus one for
        `brightness`, those of `statistics`, and two for `with_redshift`.

    Examples
    --------
    >>> from skastro.recipes import make_scone_features
    >>> [name for name, _ in make_scone_features(days=5).steps]
    ['clean', 'bands', 'trigger', 'window', 'compare', 'deredden', 'quality', 'features']
    """
    reference = "peak_time" if days is None else "trigger_time"
    grid = (start, stop) if days is None else (_EARLY_START, float(np.max(days)))
    process = GPInterpolate(
        Grid(*grid, n_times),
        Grid(3000.0, 10100.0, n_wavelengths),
        survey=survey,
        reference_column=reference,
        kernel=kernel,
        wavelength_scale=wavelength_scale,
        engine=engine,
        n_jobs=n_jobs,
        progress=verbose > 0,
    )
    parity = "scone" if dust == "scone" else None
    parts = [("heatmap", Heatmap(process, dust=parity, brightness=brightness))]
    if statistics:
        raw = LightCurveStatistics(survey=survey)
        parts.append(("statistics", Pipeline([("raw", raw), ("asinh", AsinhScale())])))
    if with_redshift:
        names = ["redshift", "redshift_err"]
        steps = [("missing", ReplaceMissing(names)), ("values", StaticColumns(names))]
        parts.append(("redshift", Pipeline(steps)))
    dereddening = Deredden(survey=survey, missing="mark")
    return Pipeline(
        [
            ("clean", CleanPhotometry()),
            ("bands", SelectBands(survey=survey)),
            *(_peak_steps(peak, survey) if days is None else _early_steps(days)),
            ("compare", CompareWithTraining(reference_column=reference, survey=survey)),
            *([("deredden", dereddening)] if dust == "correct" else []),
            ("quality", MarkQuality(**({"min_observations": 2} | (cuts or {})))),
            ("features", FeatureUnion(parts)),
        ]
    )


def _peak_steps(method: str | None, survey: str | Survey) -> list[tuple]:
    return [] if method is None else [("peak", EstimatePeak(method, survey=survey))]


def _early_steps(days: float | tuple[int, int]) -> list[tuple]:
    """Cut the light curves from 20 days before the trigger to `days` after it."""
    if isinstance(days, Sequence):
        draw: list[tuple] = [("days", DrawDays(*days))]
        window = Window(_EARLY_START, "days", reference_column="trigger_time")
    else:
        draw, window = [], Window(_EARLY_START, float(days), reference_column="trigger_time")
    return [("trigger", TriggerTime()), *draw, ("window", window)]


def make_scone_classifier(
    *,
    n_times: int = 180,
    n_wavelengths: int = 32,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **parameters: Any,
) -> ClassifierMixin:
    """Make the network that reads the rows of :func:`make_scone_features`.

    Parameters
    ----------
    n_times, n_wavelengths : int, default=180, 32
        Size of the heat map.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **parameters
        Further parameters of :class:`skastro.neural_network.HeatmapCNNClassifier`;
        `SMALL_SAMPLE` for about a thousand objects.

    Returns
    -------
    classifier : HeatmapCNNClassifier or DeepEnsembleClassifier

    Raises
    ------
    TypeError
        A parameter that the network does not have; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_scone_classifier
    >>> make_scone_classifier(n_times=90).image_shape
    (32, 90, 2)
    """
    split_options(make_scone_classifier, parameters, (HeatmapCNNClassifier,))
    return make_networks(
        HeatmapCNNClassifier,
        image_shape=(n_wavelengths, n_times, 2),
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **parameters,
    )


def make_scone(
    survey: str | Survey = "LSST",
    *,
    balanced: bool = False,
    max_epochs: int | None = None,
    n_networks: int = 1,
    class_weight: dict | str | None = None,
    random_state: Any = None,
    verbose: int = 0,
    n_jobs: int | None = None,
    **options: Any,
) -> ResamplingPipeline:
    """Make the whole system in one Pipeline: light curves in, class probabilities out.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Survey of the data.  It defines the effective wavelengths of the bands.

    balanced : bool, default=False
        Train on a balanced sample: as many objects of each class as the smallest class has.

    max_epochs : int, default=None
        Largest number of epochs; None for the default of the recipe.

    n_networks : int, default=1
        Above 1, average that many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Source of randomness; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show progress.

    n_jobs : int, default=None
        Number of parallel workers; None means one.

    **options
        Further parameters of :func:`make_scone_features` and :func:`make_scone_classifier`, such
        as `SCONE_PAPER`.

    Returns
    -------
    scone : ResamplingPipeline

    Raises
    ------
    TypeError
        An option that neither has; the message suggests the nearest one.

    Examples
    --------
    >>> from skastro.recipes import make_scone
    >>> scone = make_scone(with_redshift=True, balanced=True, random_state=0)
    >>> [name for name, _ in scone.steps]
    ['clean', 'bands', 'peak', 'compare', 'deredden', 'quality', 'usable', 'balance', 'features',
     'classifier']
    """
    for_features, for_network = split_options(
        make_scone,
        options,
        (make_scone_features,),
        (make_scone_classifier, HeatmapCNNClassifier),
    )
    features = make_scone_features(survey, verbose=verbose, n_jobs=n_jobs, **for_features)
    network = make_scone_classifier(
        max_epochs=max_epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        n_jobs=n_jobs,
        **for_network,
    )
    steps = features.steps
    sampler = RowSampler(RandomUnderSampler(random_state=random_state))
    selection = [("usable", DropUnusable()), *([("balance", sampler)] if balanced else [])]
    after_quality = [name for name, _ in steps].index("quality") + 1
    steps[after_quality:after_quality] = selection
    return ResamplingPipeline([*steps, ("classifier", network)])
