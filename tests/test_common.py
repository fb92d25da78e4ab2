"""Every estimator of the package is found and passes the suite of its kind of X."""

import inspect
import pickle

import joblib
import numpy as np
import pytest
import torch
from imblearn.under_sampling import RandomUnderSampler
from imblearn.utils import estimator_checks as imblearn_checks
from public_objects import PUBLIC
from sklearn.base import BaseEstimator, TransformerMixin, clone
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks, get_tags

import skastro
import skastro.base
from skastro.adaptation import (
    AdaptedClassifier,
    FineTunedClassifier,
    ImportanceWeightedClassifier,
    PriorShiftClassifier,
    TargetTrainedClassifier,
)
from skastro.base import RaggedInputMixin
from skastro.calibration import (
    ClassIsolationForest,
    ConformalClassifier,
    DateCalibratedClassifier,
    GatedClassifier,
    MahalanobisDetector,
    NeighborDetector,
)
from skastro.exceptions import ObjectWarning
from skastro.feature_extraction import (
    DmDt,
    GPInterpolate,
    Heatmap,
    LightCurveChannels,
    LightCurveStatistics,
    RandomConvolutions,
    SpectrumPixels,
    StaticColumns,
    TemplateMatch,
    VariabilityStatistics,
)
from skastro.hierarchy import (
    DetectorClassifier,
    HierarchicalClassifier,
    JointClassifier,
    ParallelBinaryClassifier,
    SoftVotingClassifier,
)
from skastro.label_errors import LabelErrorFinder
from skastro.model_selection import OptunaSearchCV, PrefitClassifier
from skastro.neural_network import (
    BaseNet,
    BaseNetClassifier,
    ConvolutionKernelClassifier,
    DeepEnsembleClassifier,
    HeatmapCNNClassifier,
    MultimodalAutoencoder,
    MultimodalClassifier,
    RecurrentClassifier,
    StampCNNClassifier,
    TransformerAutoencoder,
    TransformerClassifier,
)
from skastro.preprocessing import (
    Apodize,
    AsinhScale,
    CleanPhotometry,
    CleanSpectrum,
    CompareWithTraining,
    CropStamps,
    Deredden,
    Deredshift,
    DeredshiftSpectrum,
    DetectionWindow,
    DrawDays,
    EstimatePeak,
    FillStamps,
    FirstDetection,
    MarkDetections,
    MarkQuality,
    MarkSpectrumQuality,
    MaskLines,
    MatchDepth,
    NormalizeSpectrum,
    NormalizeStamps,
    Rebin,
    RemoveContinuum,
    ReplaceMissing,
    ReplaceOutliers,
    ScaleFlux,
    SelectBands,
    SmoothSpectrum,
    StampTransformer,
    TriggerTime,
    Window,
)
from skastro.resampling import (
    AugmentSampler,
    DropUnusable,
    ResamplingPipeline,
    RowSampler,
    SpectrumMixSampler,
    StampAugmentSampler,
)
from skastro.testing import make_check_data, make_check_spectra, parametrize_with_checks
from skastro.testing._outputs import assert_same

SMALL_GRID = {
    "times": np.linspace(-20, 60, 5),
    "wavelengths": np.linspace(4000, 9000, 3),
    "engine": "numpy",
}


class Numbers(TransformerMixin, BaseEstimator):
    """Return the numbers of a frame with light curves; dense X as it is."""

    def fit(self, X, y=None):
        return self

    def transform(self, X):
        return X[["redshift"]] if "lightcurve" in getattr(X, "columns", ()) else X

    def __sklearn_is_fitted__(self):
        return True


BASES = {
    BaseNet,
    BaseNetClassifier,
    *(value for value in vars(skastro.base).values() if inspect.isclass(value)),
    StampTransformer,
    # Wrappers of a fitted classifier, and a Pipeline, which keeps its fitted steps as parameters.
    PrefitClassifier,
    FineTunedClassifier,
    ResamplingPipeline,
    AdaptedClassifier,
}


class TinyStampNet(torch.nn.Module):
    """Two dense layers for rows of a few pixels."""

    def __init__(self, image_shape, n_static, n_outputs):
        super().__init__()
        n_pixels = image_shape[0] * image_shape[1] * image_shape[2]
        self.layers = torch.nn.Sequential(
            torch.nn.Linear(n_pixels + n_static, 32),
            torch.nn.ReLU(),
            torch.nn.Linear(32, n_outputs),
        )

    def forward(self, image, static=None):
        inputs = [image.flatten(1)] + ([] if static is None else [static])
        return self.layers(torch.cat(inputs, dim=1))


INIT_PARAMS = {
    Apodize: {},
    CleanSpectrum: {},
    CropStamps: {"image_shape": None},
    FillStamps: {"image_shape": None},
    NormalizeStamps: {"image_shape": None},
    StampAugmentSampler: {"image_shape": None, "random_state": 0},
    DeredshiftSpectrum: {},
    MaskLines: {},
    NormalizeSpectrum: {"window": (4500.0, 7500.0)},
    Rebin: {"wavelengths": np.linspace(4200, 8800, 30), "max_gap": 300.0},
    RemoveContinuum: {},
    ReplaceOutliers: {"low": 0.5, "high": 1.5},
    SmoothSpectrum: {},
    SpectrumMixSampler: {"n_per_class": 8, "random_state": 0},
    RandomConvolutions: {"n_kernels": 3, "random_state": 0},
    SpectrumPixels: {"mask": True},
    TemplateMatch: {"min_rlap": 0.0},
    MarkSpectrumQuality: {"min_coverage": 0.9},
    AsinhScale: {"scale": 10.0},
    AugmentSampler: {"random_state": 0},
    ImportanceWeightedClassifier: {"estimator": LogisticRegression(C=100)},
    PriorShiftClassifier: {"estimator": LogisticRegression(C=100)},
    TargetTrainedClassifier: {"estimator": LogisticRegression(C=100)},
    ClassIsolationForest: {"n_estimators": 10, "random_state": 0},
    CleanPhotometry: {"reject": "saturated"},
    CompareWithTraining: {"reference_column": "peak_time"},
    ConformalClassifier: {"estimator": LogisticRegression()},
    DateCalibratedClassifier: {
        "estimator": make_pipeline(
            LightCurveStatistics(), SimpleImputer(keep_empty_features=True), LogisticRegression()
        ),
        "days": [5.0, 30.0],
        "cv": 2,
    },
    Deredden: {},
    Deredshift: {},
    DeepEnsembleClassifier: {
        "estimator": HeatmapCNNClassifier(module=TinyStampNet, max_epochs=10, lr=3e-2),
        "n_estimators": 2,
    },
    DetectorClassifier: {"estimator": LogisticRegression(C=100)},
    DmDt: {"min_snr": 3.0},
    DetectionWindow: {"reference_column": "trigger_time"},
    DrawDays: {},
    EstimatePeak: {},
    DropUnusable: {},
    FirstDetection: {},
    GatedClassifier: {
        "estimator": LinearDiscriminantAnalysis(),
        "max_rejected": 0.005,
        "unclassified": "prior",
        "random_state": 0,
    },
    GPInterpolate: SMALL_GRID,
    Heatmap: {"interpolator": GPInterpolate(**SMALL_GRID | {"engine": "numba"})},
    HeatmapCNNClassifier: {"max_epochs": 12, "lr": 2e-2},
    HierarchicalClassifier: {"estimator": LogisticRegression()},
    StampCNNClassifier: {
        "image_shape": None,
        "architecture": TinyStampNet,
        "batch_size": 16,
        "max_epochs": 10,
        "lr": 3e-2,
    },
    LabelErrorFinder: {
        "estimator": make_pipeline(Numbers(), LogisticRegression()),
        "cv": 2,
        "method": "disagreement",
        "random_state": 0,
    },
    JointClassifier: {"estimator": LogisticRegression(), "ambiguity": None},
    ConvolutionKernelClassifier: {"inputs": {}, "random_state": 0},
    SoftVotingClassifier: {
        "estimators": [("weak", LogisticRegression(C=0.1)), ("strong", LogisticRegression())]
    },
    LightCurveChannels: {"stop": 100.0, "step": 20.0, "bands": ["r"]},
    LightCurveStatistics: {},
    MahalanobisDetector: {},
    MarkDetections: {"by": "photflag"},
    MatchDepth: {"flux_err": 30.0},
    ReplaceMissing: {},
    MultimodalAutoencoder: {"max_epochs": 2, "batch_size": 8, "random_state": 0},
    MultimodalClassifier: {"max_epochs": 10, "lr": 3e-2},
    NeighborDetector: {},
    OptunaSearchCV: {
        "estimator": LogisticRegression(),
        "param_distributions": {"C": [1.0, 100.0]},
        "n_trials": 2,
        "cv": 2,
        "random_state": 0,
    },
    ParallelBinaryClassifier: {"estimator": LogisticRegression(), "ambiguity": None},
    MarkQuality: {"min_detections": 4, "min_duration": 30.0, "max_gap": 50.0},
    RecurrentClassifier: {"max_epochs": 1, "batch_size": 8},
    RowSampler: {"sampler": RandomUnderSampler(random_state=0)},
    ScaleFlux: {},
    SelectBands: {"survey": "LSST"},
    StaticColumns: {},
    TransformerAutoencoder: {"max_epochs": 1, "batch_size": 8, "random_state": 0},
    TransformerClassifier: {"max_epochs": 1, "batch_size": 8},
    TriggerTime: {},
    VariabilityStatistics: {},
    Window: {},
}
NESTED_OR_DENSE = "dense rows of numbers are another kind of X that it takes"
BY_IDENTIFIER = "draws for each object from its identifier, which is its purpose"
WRITES_FIELD = "writes the field that the check takes away, which is its purpose"
STATIC_ONLY = "reads static columns alone, from any frame"
DETECTOR = "the last column is the number of a detector, which the classifier does not see"
INSIDE = "the message is that of the classifier inside"
BATCHES = (
    "batches, dropout and batch normalisation see a repeated row and a weighted row differently; "
    "test_weights.py shows the equality for full batches without them"
)
ROUNDING = (
    "embeddings are float32, and matrix products of rows in another order differ by 1e-7; "
    "test_training.py compares the probabilities"
)
LANDMARKS = "landmarks are drawn among the objects and inputs are scaled, both without weights"
EXPECTED_FAILED_CHECKS = {
    AsinhScale: {
        "check_missing_nested_column": NESTED_OR_DENSE,
        "check_not_a_frame": NESTED_OR_DENSE,
    },
    ConvolutionKernelClassifier: {"check_sample_weight_equivalence_on_dense_data": LANDMARKS},
    DrawDays: {"check_index_kept": BY_IDENTIFIER},
    DetectorClassifier: {"check_classifiers_train": DETECTOR},
    DeepEnsembleClassifier: {"check_sample_weight_equivalence_on_dense_data": BATCHES},
    GatedClassifier: {"check_classifiers_one_label": INSIDE},
    HeatmapCNNClassifier: {
        "check_sample_weight_equivalence_on_dense_data": BATCHES,
        "check_methods_sample_order_invariance": ROUNDING,
    },
    MultimodalClassifier: {"check_sample_weight_equivalence_on_dense_data": BATCHES},
    StampCNNClassifier: {"check_sample_weight_equivalence_on_dense_data": BATCHES},
    MarkDetections: {"check_missing_field": WRITES_FIELD},
    ReplaceMissing: {
        "check_missing_nested_column": STATIC_ONLY,
        "check_not_nested_column": STATIC_ONLY,
    },
    StaticColumns: {
        "check_missing_nested_column": STATIC_ONLY,
        "check_not_nested_column": STATIC_ONLY,
    },
    TemplateMatch: {"check_y": "types of templates in `y` vote"},
}


ESTIMATORS = {
    value: name
    for name, value in PUBLIC.items()
    if inspect.isclass(value) and issubclass(value, BaseEstimator) and value not in BASES
}


def build(kind):
    """Return an instance of each estimator of one kind."""
    built = [cls(**INIT_PARAMS[cls]) for cls in ESTIMATORS if cls in INIT_PARAMS]
    return [estimator for estimator in built if kind(estimator)]


def is_sampler(estimator):
    return hasattr(estimator, "fit_resample")


def is_dense(estimator):
    return get_tags(estimator).input_tags.two_d_array


def is_ragged(estimator):
    if is_sampler(estimator):
        return False
    return isinstance(estimator, RaggedInputMixin) or not is_dense(estimator)


def reads_spectra(estimator):
    return getattr(estimator, "column", None) == "spectrum" and not is_sampler(estimator)


def make_rebinned_spectra():
    return make_check_spectra(grid=np.linspace(4000, 9000, 60))


def reasons(estimator):
    return EXPECTED_FAILED_CHECKS.get(type(estimator), {})


def test_every_public_estimator_is_in_the_table():
    missing = {name for cls, name in ESTIMATORS.items() if cls not in INIT_PARAMS}
    assert not missing, f"add these estimators to INIT_PARAMS of {__file__}: {sorted(missing)}"
    gone = {cls.__name__ for cls in {*INIT_PARAMS, *EXPECTED_FAILED_CHECKS} - set(ESTIMATORS)}
    assert not gone, f"these are not public estimators: {sorted(gone)}"


def test_an_estimator_without_entry_is_noticed(monkeypatch):
    monkeypatch.delitem(INIT_PARAMS, StaticColumns)
    with pytest.raises(AssertionError, match="INIT_PARAMS .*feature_extraction.StaticColumns"):
        test_every_public_estimator_is_in_the_table()


def test_every_estimator_gets_a_suite():
    kinds = [build(is_sampler), build(is_ragged), build(lambda e: is_dense(e))]
    assert {type(e) for kind in kinds for e in kind} == set(ESTIMATORS)


@parametrize_with_checks(
    [e for e in build(is_ragged) if not reads_spectra(e)], expected_failed_checks=reasons
)
def test_ragged_estimators(estimator, check):
    check(estimator)


@parametrize_with_checks(
    [e for e in build(reads_spectra) if not isinstance(e, SpectrumPixels)],
    data=make_check_spectra,
    expected_failed_checks=reasons,
)
def test_estimators_of_spectra(estimator, check):
    check(estimator)


@parametrize_with_checks(build(lambda e: isinstance(e, SpectrumPixels)), data=make_rebinned_spectra)
def test_estimators_of_rebinned_spectra(estimator, check):
    check(estimator)


@estimator_checks.parametrize_with_checks(
    build(lambda e: is_dense(e) and not is_sampler(e)), expected_failed_checks=reasons
)
def test_dense_estimators(estimator, check):
    check(estimator)


def has_a_strategy(estimator):
    """Return whether the checks of imbalanced-learn, which concern its strategies, apply."""
    return is_sampler(estimator) and not isinstance(estimator, StampAugmentSampler)


@imblearn_checks.parametrize_with_checks(build(lambda e: has_a_strategy(e) and is_dense(e)))
def test_dense_samplers(estimator, check):
    check(estimator)


@pytest.mark.filterwarnings("ignore", category=ObjectWarning)
@pytest.mark.parametrize("sampler", build(has_a_strategy), ids=lambda s: type(s).__name__)
def test_samplers_of_ragged_X(sampler):
    mixes = isinstance(sampler, SpectrumMixSampler)
    X, y = make_check_spectra() if mixes else make_check_data()
    X, y = X.assign(quality=["too few points", "", ""] * 5)[1:], y[1:]
    before = pickle.dumps((X, y)), joblib.hash(sampler.get_params(deep=False))
    fitted = clone(sampler)
    X_new, y_new = fitted.fit_resample(X, y)
    taken = X.iloc[fitted.sample_indices_]
    assert X_new.columns.tolist() == X.columns.tolist()
    if isinstance(sampler, AugmentSampler):
        assert len(X_new) > len(X)
        assert_same(X_new.drop(columns="lightcurve"), taken.drop(columns="lightcurve"))
    elif mixes:
        assert_same(X_new.iloc[: len(X)], X)
        assert len(X_new) == 3 * sampler.n_per_class
    else:
        assert 0 < len(X_new) < len(X)
        assert_same(X_new, taken)
    assert (y_new == y[fitted.sample_indices_]).all()
    assert (pickle.dumps((X, y)), joblib.hash(fitted.get_params(deep=False))) == before
    assert list(fitted.feature_names_in_) == list(X.columns)
    again = pickle.loads(pickle.dumps(fitted)).fit(X, y)
    np.testing.assert_array_equal(again.sample_indices_, fitted.sample_indices_)
    with pytest.raises(ValueError, match=type(sampler).__name__):
        clone(sampler).fit_resample(X.iloc[:0], y[:0])


@pytest.mark.parametrize("cls", ESTIMATORS, ids=lambda cls: cls.__name__)
def test_parameters_are_documented_in_their_order(cls):
    doc = inspect.getdoc(cls)
    parameters = list(inspect.signature(cls).parameters)
    section = doc.split("Parameters\n----------\n")[1].split("\n\nAttributes\n")[0]
    lines = [line for line in section.splitlines() if " : " in line and line[0] != " "]
    documented = [n.strip() for line in lines for n in line.split(" : ")[0].split(",")]
    assert documented[: len(parameters)] == parameters


def test_reasons_are_sentences():
    texts = [text for table in EXPECTED_FAILED_CHECKS.values() for text in table.values()]
    assert all(len(text.split()) > 5 for text in texts)
