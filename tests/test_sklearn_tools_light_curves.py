"""Tools of scikit-learn around whole recipes, from light curves to probabilities."""

import numpy as np
import pandas as pd
import polars
import pytest
import sklearn
from imblearn.under_sampling import RandomUnderSampler
from mapie.classification import SplitConformalClassifier
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaggingClassifier,
    HistGradientBoostingClassifier,
    StackingClassifier,
    VotingClassifier,
)
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    cross_val_score,
)
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.exceptions import ObjectWarning
from skastro.feature_extraction import LightCurveStatistics
from skastro.model_selection import PrefitClassifier
from skastro.preprocessing import FirstDetection, MarkQuality
from skastro.recipes import make_oracle
from skastro.resampling import DropUnusable, ResamplingPipeline, RowSampler
from skastro.taxonomy import Taxonomy

BAD = [3, 11]

pytestmark = pytest.mark.filterwarnings("ignore:.*left out of the training:UserWarning")


@pytest.fixture(scope="module")
def light_curves():
    """Return 60 light curves, of which two have no observation."""
    X, y = make_light_curves(60, classes=["SNIa", "SNII", "RRL"], random_state=0)
    empty = X["lightcurve"].copy()
    X = X.assign(lightcurve=[c if i not in BAD else c.iloc[:0] for i, c in enumerate(empty)])
    return X.assign(lightcurve=X["lightcurve"].astype(empty.dtype)), y


@pytest.fixture(scope="module")
def oracle(light_curves):
    tree = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})
    return make_oracle(
        taxonomy=tree, classes=["RRL", "SNII", "SNIa"], unclassified="prior", max_epochs=2,
        random_state=0,
    )  # fmt: skip


RAGGED_TOOLS = {
    "voting": lambda model: VotingClassifier([("a", model), ("b", model)], voting="soft"),
    "stacking": lambda model: StackingClassifier([("a", model)], cv=2),
    "calibration": lambda model: CalibratedClassifierCV(model, method="temperature", cv=2),
    "grid": lambda model: GridSearchCV(
        model, {"classifier__lr": [1e-3]}, cv=2, scoring="neg_log_loss", error_score="raise"
    ),
}


@pytest.mark.parametrize("tool", list(RAGGED_TOOLS))
def test_a_recipe_with_a_taxonomy(oracle, light_curves, tool):
    X, y = light_curves
    model = RAGGED_TOOLS[tool](clone(oracle))
    proba = model.fit(X, y).predict_proba(X)
    assert model.classes_.tolist() == ["RRL", "SNII", "SNIa"]
    np.testing.assert_allclose(proba.sum(axis=1), 1, atol=1e-5)


def test_conformal_sets_of_a_recipe(oracle, light_curves):
    X, y = light_curves
    model = PrefitClassifier(clone(oracle).fit(X, y))
    conformal = SplitConformalClassifier(model, prefit=True, confidence_level=0.8)
    _, sets = conformal.conformalize(X, y).predict_set(X)
    assert sets[np.arange(60), np.searchsorted(model.classes_, y), 0].mean() > 0.75


def test_bagging_of_light_curves_is_refused(oracle, light_curves):
    with pytest.raises(ValueError, match="requires a frame"):
        BaggingClassifier(clone(oracle), 2).fit(*light_curves)


@pytest.mark.parametrize(("container", "kind"), [("pandas", pd), ("polars", polars)])
def test_set_output(light_curves, container, kind):
    X, _ = light_curves
    features = make_pipeline(FirstDetection(), LightCurveStatistics())
    expected = features.fit_transform(X)
    found = features.set_output(transform=container).fit_transform(X)
    assert isinstance(found, kind.DataFrame)
    np.testing.assert_array_equal(found.to_numpy(), np.asarray(expected))


def test_weights_follow_the_objects_that_a_step_drops(light_curves):
    X, y = light_curves
    weights = np.linspace(1, 2, 60)

    class Recorder(HistGradientBoostingClassifier):
        def fit(self, X, y, sample_weight=None):
            self.weights_ = sample_weight
            return super().fit(X, y, sample_weight)

    with sklearn.config_context(enable_metadata_routing=True):
        last = Recorder(max_iter=2).set_fit_request(sample_weight=True)
        last = last.set_score_request(sample_weight=True)
        model = ResamplingPipeline(
            [
                ("quality", MarkQuality(min_observations=2)),
                ("usable", DropUnusable()),
                ("balance", RowSampler(RandomUnderSampler(random_state=0))),
                ("features", LightCurveStatistics()),
                ("classifier", last),
            ]
        )
        with pytest.warns(ObjectWarning):
            model.fit(X, y, sample_weight=weights)
            scores = cross_val_score(
                model, X, y, cv=2, params={"sample_weight": weights}, error_score="raise"
            )
    kept = np.setdiff1d(np.arange(60), BAD)
    rows = kept[model["balance"].sample_indices_]
    np.testing.assert_array_equal(model[-1].weights_, weights[rows])
    assert np.isfinite(scores).all()
