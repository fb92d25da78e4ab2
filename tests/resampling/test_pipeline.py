"""Weights and groups follow the objects through samplers."""

import numpy as np
import pandas as pd
import pytest
import sklearn
from imblearn.over_sampling import SMOTE, RandomOverSampler
from imblearn.pipeline import Pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.preprocessing import FunctionTransformer, StandardScaler

from skastro.resampling import AugmentSampler, ResamplingPipeline, RowSampler, group_weights


class Recorder(GaussianNB):
    """Keeps what it was fitted with."""

    def fit(self, X, y, sample_weight=None, groups=None):
        self.X_, self.weights_, self.groups_ = np.asarray(X), sample_weight, groups
        return super().fit(X, y)


def data():
    X = np.arange(40.0)[:, None]
    return X, np.where(np.arange(40) < 10, "Ia", "II"), np.arange(40.0) + 100


def copies(X, random_state):
    """Return two copies of every object."""
    return np.repeat(X, 2, axis=0), np.repeat(np.arange(len(X)), 2)


def pipeline(*samplers):
    steps = [(f"sampler{i}", sampler) for i, sampler in enumerate(samplers)]
    return ResamplingPipeline([*steps, ("classifier", Recorder())])


@pytest.mark.parametrize(
    "samplers",
    [
        [RowSampler(RandomUnderSampler(random_state=0))],
        [RandomOverSampler(random_state=0)],
        [AugmentSampler(copies)],
        [AugmentSampler(copies), RowSampler(RandomUnderSampler(random_state=0))],
    ],
)
def test_weights_stay_with_their_objects(samplers):
    X, y, weights = data()
    model = pipeline(*samplers).fit(X, y, classifier__sample_weight=weights)
    last = model[-1]
    np.testing.assert_array_equal(last.weights_, last.X_[:, 0] + 100)
    assert len(last.weights_) == len(last.X_)


def test_several_metadata_and_values_of_other_lengths():
    X, y, weights = data()
    model = pipeline(RowSampler(RandomUnderSampler(random_state=0)))
    names = [f"SN{i}" for i in range(40)]
    model.fit(X, y, classifier__sample_weight=weights.tolist(), classifier__groups=names)
    rows = model[0].sample_indices_
    assert model[-1].weights_ == weights[rows].tolist()
    assert model[-1].groups_ == [names[i] for i in rows]
    model.fit(X, y, classifier__groups="all")
    assert model[-1].groups_ == "all"


def test_metadata_routing_in_cross_validation():
    X, y, weights = data()
    with sklearn.config_context(enable_metadata_routing=True):
        last = Recorder().set_fit_request(sample_weight=True, groups=False)
        last = last.set_score_request(sample_weight=True)
        balance = RowSampler(RandomUnderSampler(random_state=0))
        scaler = StandardScaler().set_fit_request(sample_weight=False)
        model = ResamplingPipeline([("balance", balance), ("scale", scaler), ("classifier", last)])
        results = cross_validate(
            model,
            X,
            y,
            cv=GroupKFold(4),
            params={"sample_weight": weights, "groups": np.arange(40) // 2},
            return_estimator=True,
            return_indices=True,
        )
        search = GridSearchCV(model, {"classifier__var_smoothing": [1e-9, 1e-3]}, cv=3)
        search.fit(X, y, sample_weight=weights)
    for fitted, train in zip(results["estimator"], results["indices"]["train"]):
        rows = train[fitted[0].sample_indices_]
        np.testing.assert_array_equal(fitted[-1].weights_, weights[rows])
    assert len(search.best_estimator_[-1].weights_) == 20


def test_without_metadata_it_is_the_pipeline_of_imbalanced_learn():
    X, y, _ = data()
    model = pipeline(RandomOverSampler(random_state=0))
    plain = Pipeline(clone(model).steps)
    expected = plain.fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(model.fit(X, y).predict_proba(X), expected)


def test_new_objects_have_no_weights():
    X, y, weights = data()
    model = pipeline(SMOTE(random_state=0))
    with pytest.raises(ValueError, match="sample_weight cannot follow step 'sampler0'.*SMOTE"):
        model.fit(X, y, classifier__sample_weight=weights)
    model.fit(X, y)


def test_steps_from_a_cache(tmp_path):
    X, y, weights = data()
    model = pipeline(RowSampler(RandomUnderSampler(random_state=0)))
    model.set_params(memory=str(tmp_path))
    for _ in range(2):
        model.fit(X, y, classifier__sample_weight=weights)
        np.testing.assert_array_equal(model[-1].weights_, model[-1].X_[:, 0] + 100)


def test_rows_of_one_object_share_their_weight():
    weights = group_weights(["a"] * 9 + ["b", None, None])
    np.testing.assert_allclose(weights[:9] * 3, weights[9])
    np.testing.assert_allclose(weights[9:], weights[9])
    np.testing.assert_allclose(weights.mean(), 1)
    blank = group_weights(["a"] * 9 + ["b", "", " "])
    np.testing.assert_array_equal(blank, weights)


def test_the_last_step_gets_the_weights_of_groups():
    _, y, given = data()
    X = pd.DataFrame(
        {"x": np.arange(40.0), "name": np.repeat(np.arange(13), np.arange(1, 14))[:40]}
    )
    numbers = FunctionTransformer(lambda table: table[["x"]].to_numpy())
    steps = [("balance", RowSampler(RandomUnderSampler(random_state=0))), ("numbers", numbers)]
    model = ResamplingPipeline([*steps, ("classifier", Recorder())], group_column="name")
    last = clone(model).fit(X, y)[-1]
    expected = group_weights(X["name"])[last.X_[:, 0].astype(int)]
    np.testing.assert_allclose(last.weights_, expected)
    last = clone(model).fit(X, y, classifier__sample_weight=given)[-1]
    np.testing.assert_array_equal(last.weights_, last.X_[:, 0] + 100)
    assert clone(model).fit(X.drop(columns="name"), y)[-1].weights_ is None
