"""Tools of scikit-learn around classifiers of this subpackage and around recipes.

String labels, unclassified objects, and a class that is missing in a fold.
"""

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV, cross_val_predict
from sklearn.pipeline import make_pipeline

from skastro.calibration import ConformalClassifier, DateCalibratedClassifier, GatedClassifier
from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.feature_extraction import LightCurveStatistics
from skastro.neural_network import MultimodalClassifier
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_realbogus_classifier,
    make_scone,
    make_transformer,
)

pytestmark = [
    pytest.mark.filterwarnings("ignore:.*left out of the training"),
    pytest.mark.filterwarnings("ignore:.*take no part"),
    pytest.mark.filterwarnings("ignore:.*CompareWithTraining"),
    pytest.mark.filterwarnings("ignore:Number of classes in training fold"),
    pytest.mark.filterwarnings("ignore:The least populated class"),
]
TOOLS = {
    "calibrated": lambda model: CalibratedClassifierCV(model, method="temperature", cv=2),
    "voting": lambda model: VotingClassifier([("a", model), ("b", model)], voting="soft"),
    "stacking": lambda model: StackingClassifier(
        [("a", model)], LogisticRegression(max_iter=500), cv=2
    ),
}
NETWORK = MultimodalClassifier(
    inputs={"x": (3,)}, max_epochs=8, lr=0.03, unclassified="prior", random_state=0
)
MODELS = {
    "dated": DateCalibratedClassifier(NETWORK, cv=2, random_state=0),
    "conformal": ConformalClassifier(NETWORK, random_state=0),
    "gated": GatedClassifier(NETWORK, unclassified="prior", random_state=0),
}


@pytest.fixture(scope="module")
def blobs():
    """Return 120 objects of three classes with names, two of them without values."""
    rng = np.random.default_rng(0)
    y = np.repeat(["Ia", "II", "AGN"], 40)[rng.permutation(120)]
    X = rng.normal(size=(120, 3)) + 4 * np.array([[name == k for k in np.unique(y)] for name in y])
    X[[3, 11]] = np.nan
    return X, y


def check(model, X, y, least=0.8):
    proba = model.fit(X, y).predict_proba(X)
    assert model.classes_.tolist() == sorted(set(y))
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
    assert (model.predict(X) == y).mean() >= least


@pytest.mark.parametrize("tool", list(TOOLS))
@pytest.mark.parametrize("name", list(MODELS))
def test_tools_around_the_classifiers(blobs, name, tool):
    check(TOOLS[tool](clone(MODELS[name])), *blobs)


@pytest.mark.parametrize("name", list(MODELS))
def test_threshold_of_two_classes(blobs, name):
    X, y = blobs
    y = np.where(y == "Ia", "Ia", "other")
    model = TunedThresholdClassifierCV(clone(MODELS[name]), scoring="balanced_accuracy", cv=2)
    model.fit(X, y)
    assert (model.predict(X) == y).mean() > 0.85
    assert set(model.predict(X)) == {"Ia", "other"}


@pytest.mark.parametrize("name", list(MODELS))
def test_a_class_missing_in_a_fold(blobs, name):
    X, y = blobs
    y = y.astype("<U4")
    y[:3] = "rare"
    folds = [(np.arange(60, 120), np.arange(60)), (np.arange(60), np.arange(60, 120))]
    inner = {"conformal": "calibration_size", "gated": "calibration_size"}.get(name)
    model = clone(MODELS[name]).set_params(**({inner: 0.5} if inner else {}))
    with pytest.warns(match="Number of classes"):
        proba = cross_val_predict(model, X, y, cv=folds, method="predict_proba")
    assert proba.shape == (120, 4)
    np.testing.assert_array_equal(proba[:60, 3], 0)
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)


def light_curves():
    X, y = make_light_curves(60, classes=["SNIa", "SNII"], random_state=0)
    empty = X["lightcurve"].copy()
    cut = [c if i not in (3, 11) else c.iloc[:0] for i, c in enumerate(empty)]
    X = X.assign(lightcurve=cut)
    return X.assign(lightcurve=X["lightcurve"].astype(empty.dtype)), np.asarray(y)


def stamps():
    X, y, _ = make_stamps(60, image_shape=(15, 15, 3), random_state=0)
    return X, np.where(y == 1, "real", "bogus")


SMALL = {"max_epochs": 1, "random_state": 0}
RECIPES = {
    "oracle": (lambda: make_oracle(unclassified="prior", **SMALL), light_curves),
    "transformer": (lambda: make_transformer(unclassified="prior", **SMALL), light_curves),
    "scone": (
        lambda: make_scone(n_times=16, n_wavelengths=4, unclassified="prior", **SMALL),
        light_curves,
    ),
    "ccsnscore": (
        lambda: make_ccsnscore(resolution=64, n_samples=2, ambiguity=None, **SMALL),
        lambda: make_spectra(40, classes=["Ia", "II"], random_state=0),
    ),
    "realbogus": (lambda: make_realbogus_classifier(image_shape=(15, 15, 3), **SMALL), stamps),
}


@pytest.fixture(scope="module", params=list(RECIPES))
def recipe(request):
    make, load = RECIPES[request.param]
    X, y = load()
    return make(), X, np.asarray(y)


@pytest.mark.parametrize("tool", list(TOOLS))
def test_tools_around_recipes(recipe, tool):
    model, X, y = recipe
    check(TOOLS[tool](clone(model)), X, y, least=0.0)


def test_threshold_of_a_recipe(recipe):
    model, X, y = recipe
    options = {"scoring": "balanced_accuracy", "cv": 2}
    tuned = TunedThresholdClassifierCV(clone(model), **options).fit(X, y)
    assert set(tuned.predict(X)) <= set(y)


def test_dates_of_a_classifier_inside_a_vote():
    X, y = light_curves()
    boosting = make_pipeline(
        LightCurveStatistics(),
        SimpleImputer(keep_empty_features=True),
        LinearDiscriminantAnalysis(),
    )
    dated = DateCalibratedClassifier(
        boosting, days=[5.0, 30.0], cv=2, reference_column="peak_time", random_state=0
    )
    check(VotingClassifier([("a", dated), ("b", dated)], voting="soft"), X, y, least=0.5)


@pytest.mark.parametrize("kind", [ConformalClassifier, DateCalibratedClassifier, GatedClassifier])
def test_groups_of_other_objects_are_refused(kind):
    X, y = np.random.default_rng(0).normal(size=(60, 3)), np.repeat(["II", "Ia"], 30)
    network = MultimodalClassifier(inputs={"x": (3,)}, max_epochs=1)
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        kind(network).fit(X, y, groups=np.arange(59))


def test_a_class_missing_in_a_fold_of_a_recipe(recipe):
    model, X, y = recipe
    y = np.where(np.arange(len(y)) < 3, "rare", y)
    half = len(y) // 2
    folds = [(np.arange(half, len(y)), np.arange(half)), (np.arange(half), np.arange(half, len(y)))]
    with pytest.warns(match="Number of classes"):
        proba = cross_val_predict(clone(model), X, y, cv=folds, method="predict_proba")
    names = np.unique(y).tolist()
    np.testing.assert_array_equal(proba[:half, names.index("rare")], 0)
    assert (proba[half:, names.index("rare")] > 0).all()
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)
