"""SCONE: a convolutional network on Gaussian-process heat maps of light curves.

Qu, Sako, Möller & Doux 2021, AJ 162, 67 (arXiv:2106.04370); early epochs: Qu & Sako 2022,
AJ 163, 57 (arXiv:2111.05539).
"""

import numpy as np
import pandas as pd
from imblearn.pipeline import Pipeline as ImbalancedPipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.metrics import accuracy_score, balanced_accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import FeatureUnion, Pipeline
from sklearn.preprocessing import QuantileTransformer

from skastro.feature_extraction import (
    GPInterpolate,
    Heatmap,
    LightCurveStatistics,
    StaticColumns,
)
from skastro.neural_network import DeepEnsembleClassifier, HeatmapCNNClassifier
from skastro.preprocessing import (
    AsinhScale,
    CleanPhotometry,
    Deredden,
    DrawDays,
    MarkQuality,
    TriggerTime,
    Window,
)
from skastro.resampling import DropUnusable, RowSampler

PAPER_CUTS = {"min_detections": 5, "min_total_snr": 10.0, "min_duration": 30.0, "max_gap": 50.0}
"""Cuts of the SCONE paper as parameters of :class:`skastro.preprocessing.MarkQuality`."""

SMALL_SAMPLE = {
    "epochs": 60,
    "lr": 1e-3,
    "validation": None,
    "class_weight": "balanced",
    "static_scaler": QuantileTransformer(n_quantiles=100, output_distribution="normal"),
    "n_networks": 4,
}
"""Parameters of :func:`make_scone_classifier` for about a thousand objects, with `statistics`.

None of them is held back for validation, heavy tails of the statistics are taken away, and the
scatter of the training is averaged out.
"""

_EARLY_START = -20.0


def make_scone_features(
    survey="LSST",
    *,
    with_redshift=False,
    brightness=True,
    statistics=False,
    days=None,
    start=-30.0,
    stop=150.0,
    n_times=180,
    n_wavelengths=32,
    dust="correct",
    kernel="radial",
    wavelength_scale=6000.0,
    cuts=None,
    engine="auto",
    n_jobs=None,
    progress=False,
):
    """Make the pipeline from light curves to rows of a heat map and static columns.

    Parameters
    ----------
    survey : str or Survey, default="LSST"
        Gives the effective wavelengths of the bands.

    with_redshift : bool, default=False
        Append the columns ``redshift`` and ``redshift_err`` of `X`; NaN where unknown.

    brightness : bool, default=True
        Append log10 of the flux at the maximum, which the normalisation of the image takes
        away.  SCONE itself goes without.

    statistics : bool, default=False
        Append :class:`skastro.feature_extraction.LightCurveStatistics`, compressed by the inverse
        hyperbolic sine; worth it for small and heterogeneous data sets.

    days : None, float or tuple of 2 ints, default=None
        None: whole light curves around ``peak_time``.  A number: only what is known that many
        days after the trigger (:class:`skastro.preprocessing.TriggerTime`), from 20 days before
        it.  Two numbers: a number of days drawn between them for each object.

    start, stop : float, default=-30, 150
        Edges of the grid of times in days after the peak; without effect with `days`.

    n_times, n_wavelengths : int, default=180, 32
        Size of the heat map; wavelengths run from 3000 to 10100 Angstrom.

    dust : {"correct", "scone", None}, default="correct"
        Correct the fluxes with column ``mwebv``, add magnitudes as SCONE did, or do nothing.

    wavelength_scale : float, "free" or tuple of 2 floats, default=6000
        Length scale in wavelength in Angstrom.  SCONE fits it for each object, ``"free"``; fixed,
        as avocado does it, the network classifies better (benchmarks/science/gp_kernels.md).

    kernel, engine, n_jobs, progress
        See :class:`skastro.feature_extraction.GPInterpolate`.

    cuts : dict, default=None
        Parameters of :class:`skastro.preprocessing.MarkQuality`; at least 2 observations by
        default, `PAPER_CUTS` for those of the paper.

    Returns
    -------
    features : Pipeline
        From a NestedFrame to float32 rows of length ``2 * n_wavelengths * n_times`` plus one for
        `brightness`, those of `statistics`, and two for `with_redshift`.

    Examples
    --------
    >>> from skastro.recipes import make_scone_features
    >>> [name for name, _ in make_scone_features(days=5).steps]
    ['clean', 'trigger', 'window', 'quality', 'deredden', 'features']
    """
    early = days is not None
    grid = (_EARLY_START, float(np.max(days))) if early else (start, stop)
    process = GPInterpolate(
        np.linspace(*grid, n_times),
        np.linspace(3000, 10100, n_wavelengths),
        survey=survey,
        reference_column="trigger_time" if early else "peak_time",
        kernel=kernel,
        wavelength_scale=wavelength_scale,
        engine=engine,
        n_jobs=n_jobs,
        progress=progress,
    )
    parity = "scone" if dust == "scone" else None
    parts = [("heatmap", Heatmap(process, dust=parity, brightness=brightness))]
    if statistics:
        parts.append(
            ("statistics", Pipeline([("raw", LightCurveStatistics()), ("asinh", AsinhScale())]))
        )
    if with_redshift:
        parts.append(("redshift", StaticColumns(("redshift", "redshift_err"))))
    return Pipeline(
        [
            ("clean", CleanPhotometry()),
            *(_early_steps(days) if early else []),
            ("quality", MarkQuality(**({"min_observations": 2} | (cuts or {})))),
            *([("deredden", Deredden(survey=survey))] if dust == "correct" else []),
            ("features", FeatureUnion(parts)),
        ]
    )


def make_scone_classifier(
    *,
    n_times=180,
    n_wavelengths=32,
    epochs=None,
    n_networks=1,
    class_weight=None,
    random_state=None,
    verbose=0,
    **parameters,
):
    """Make the network that reads the rows of :func:`make_scone_features`.

    Parameters
    ----------
    n_times, n_wavelengths : int, default=180, 32
        Size of the heat map.

    epochs : int, default=None
        Largest number of epochs; the default of the network, with early stopping, if None.

    n_networks : int, default=1
        Above 1, the mean of so many networks
        (:class:`skastro.neural_network.DeepEnsembleClassifier`).

    class_weight : dict or "balanced", default=None
        Weights of the classes in the loss.

    random_state : int, RandomState instance or None, default=None
        Seed of weights, batches, dropout and the validation split.

    verbose : int, default=0
        Show the epochs.

    **parameters
        Others of :class:`skastro.neural_network.HeatmapCNNClassifier`; `SMALL_SAMPLE` for about a
        thousand objects.

    Returns
    -------
    classifier : HeatmapCNNClassifier or DeepEnsembleClassifier

    Examples
    --------
    >>> from skastro.recipes import make_scone_classifier
    >>> make_scone_classifier(n_times=90).image_shape
    (2, 32, 90)
    """
    classifier = HeatmapCNNClassifier(
        image_shape=(2, n_wavelengths, n_times),
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        **parameters,
        **({} if epochs is None else {"max_epochs": epochs}),
    )
    if n_networks == 1:
        return classifier
    return DeepEnsembleClassifier(classifier, n_estimators=n_networks, random_state=random_state)


def make_scone(
    *,
    balanced=False,
    epochs=None,
    n_networks=1,
    class_weight=None,
    network=None,
    random_state=None,
    verbose=0,
    **features,
):
    """Make the whole system in one Pipeline: light curves in, class probabilities out.

    Parameters
    ----------
    balanced : bool, default=False
        Train on as many objects of each class as the smallest has.

    epochs, n_networks, class_weight, random_state, verbose
        See :func:`make_scone_classifier`.

    network : dict, default=None
        Further parameters of :func:`make_scone_classifier`.

    **features
        See :func:`make_scone_features`.

    Returns
    -------
    scone : imblearn Pipeline

    Examples
    --------
    >>> from skastro.recipes import make_scone
    >>> scone = make_scone(with_redshift=True, balanced=True, random_state=0)
    >>> [name for name, _ in scone.steps][-3:]
    ['features', 'balance', 'classifier']
    """
    sampler = RowSampler(RandomUnderSampler(random_state=random_state))
    classifier = make_scone_classifier(
        **{n: features[n] for n in ("n_times", "n_wavelengths") if n in features},
        epochs=epochs,
        n_networks=n_networks,
        class_weight=class_weight,
        random_state=random_state,
        verbose=verbose,
        **(network or {}),
    )
    steps = make_scone_features(**features).steps
    after_quality = [name for name, _ in steps].index("quality") + 1
    steps.insert(after_quality, ("usable", DropUnusable()))
    return ImbalancedPipeline(
        [
            *steps,
            *([("balance", sampler)] if balanced else []),
            ("classifier", classifier),
        ]
    )


def evaluate_scone_epochs(
    X, y, *, days=(0, 5, 15, 25, 50, None), test_size=0.2, random_state=None, **options
):
    """Train and score SCONE at several epochs after the trigger, on one split by object.

    Parameters
    ----------
    X : NestedFrame of shape (n_objects, n_columns)
        Objects with their light curves.

    y : array-like of shape (n_objects,)
        Classes.

    days : sequence, default=(0, 5, 15, 25, 50, None)
        Days after the trigger; None for whole light curves.

    test_size : float, default=0.2
        Share of the objects that is scored, of each class alike.

    random_state : int, default=None
        Seed of the split and of the training.

    **options
        See :func:`make_scone`.

    Returns
    -------
    scores : DataFrame
        One row an epoch: objects trained on and scored, objects without answer (which count as
        wrong), accuracy, balanced accuracy, macro F1.

    Examples
    --------
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.recipes import evaluate_scone_epochs
    >>> X, y = make_light_curves(40, classes=["SNIa", "SNII"], random_state=0)
    >>> small = {"n_times": 16, "n_wavelengths": 4, "epochs": 1}
    >>> scores = evaluate_scone_epochs(X, y, days=[5, None], random_state=0, **small)
    >>> scores.index.tolist()
    ['5', 'all']
    """
    y = np.asarray(y)
    split = train_test_split(X, y, test_size=test_size, stratify=y, random_state=random_state)
    scores = {}
    for epoch in days:
        model = make_scone(days=epoch, random_state=random_state, **options)
        scores["all" if epoch is None else str(epoch)] = _score(model, *split)
    return pd.DataFrame.from_dict(scores, orient="index").rename_axis("days")


def _score(model, X_train, X_test, y_train, y_test):
    proba = model.fit(X_train, y_train).predict_proba(X_test)
    answered = ~np.isnan(proba).any(axis=1)
    known, codes = np.unique(y_test, return_inverse=True)
    guess = np.full(len(y_test), -1)
    order = np.searchsorted(known, model.classes_)
    guess[answered] = order[proba[answered].argmax(axis=1)]
    return {
        "n_train": len(y_train),
        "n_test": len(y_test),
        "n_unclassified": int((~answered).sum()),
        "accuracy": accuracy_score(codes, guess),
        "balanced_accuracy": balanced_accuracy_score(codes, guess),
        "macro_f1": f1_score(codes, guess, labels=range(len(known)), average="macro"),
    }


def _early_steps(days):
    """Cut the light curves from 20 days before the trigger to `days` after it."""
    if np.ndim(days) == 0:
        window = Window(_EARLY_START, float(days), reference_column="trigger_time")
        return [("trigger", TriggerTime()), ("window", window)]
    window = Window(_EARLY_START, "days", reference_column="trigger_time")
    return [("trigger", TriggerTime()), ("days", DrawDays(*days)), ("window", window)]
