"""AugmentSampler: copies in fit alone, and none across a split."""

from functools import partial

import numpy as np
import pytest
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import RandomUnderSampler
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import (
    GridSearchCV,
    StratifiedGroupKFold,
    StratifiedKFold,
    cross_val_predict,
)

from skastro.augmentation import draw_prefixes
from skastro.exceptions import ObjectError
from skastro.feature_extraction import LightCurveStatistics
from skastro.neural_network import RecurrentClassifier
from skastro.resampling import AugmentSampler, RowSampler
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten

X, Y = make_check_data(30)
THREE = partial(draw_prefixes, n_prefixes=3)


class Witness(ClassifierMixin, BaseEstimator):
    """Keeps the objects of its training and its predictions."""

    seen = []

    def fit(self, X, y):
        self.classes_ = np.unique(y)
        self.trained_on_ = X.index.tolist()
        return self

    def predict(self, X):
        self.seen.append((self.trained_on_, X.index.tolist(), np.diff(flatten(X["lightcurve"])[0])))
        return np.full(len(X), self.classes_[0])


def test_copies_labels_and_groups_belong_together():
    sampler = AugmentSampler(THREE, random_state=0)
    X_new, y_new = sampler.fit_resample(X, Y)
    expected, objects = draw_prefixes(
        X, 3, random_state=np.random.default_rng(np.random.RandomState(0).randint(2**31 - 1))
    )
    np.testing.assert_array_equal(sampler.sample_indices_, objects)
    np.testing.assert_array_equal(y_new, Y[objects])
    assert X_new["lightcurve.time"].equals(expected["lightcurve.time"])
    assert sampler.groups_.tolist() == X.index[objects].tolist() == X_new.index.tolist()


def test_no_copy_crosses_a_split_of_the_pipeline():
    Witness.seen.clear()
    cross_val_predict(make_pipeline(AugmentSampler(THREE), Witness()), X, Y, cv=StratifiedKFold(3))
    whole = dict(zip(X.index, np.diff(flatten(X["lightcurve"])[0])))
    asked = []
    for trained_on, asked_for, lengths in Witness.seen:
        assert len(trained_on) == 4 * len(set(trained_on)) == 80
        assert not set(trained_on) & set(asked_for)
        assert lengths.tolist() == [whole[name] for name in asked_for]
        asked += asked_for
    assert sorted(asked) == X.index.tolist()


def test_groups_keep_copies_together_outside_of_a_pipeline():
    sampler = AugmentSampler(THREE, random_state=0)
    X_new, y_new = sampler.fit_resample(X, Y)
    plain = next(StratifiedKFold(3, shuffle=True, random_state=0).split(X_new, y_new))
    assert set(sampler.groups_[plain[0]]) & set(sampler.groups_[plain[1]])
    for train, test in StratifiedGroupKFold(3).split(X_new, y_new, sampler.groups_):
        assert not set(sampler.groups_[train]) & set(sampler.groups_[test])


def test_a_network_takes_the_groups_to_hold_back_whole_objects():
    sampler = AugmentSampler(THREE, random_state=0)
    X_new, y_new = sampler.fit_resample(X, Y)
    model = RecurrentClassifier(max_epochs=1, validation=StratifiedGroupKFold(3), random_state=0)
    with pytest.raises(ValueError, match="groups"):
        model.fit(X_new, y_new)
    assert "valid_loss" in model.fit(X_new, y_new, groups=sampler.groups_).history_


def test_an_object_that_is_there_twice_is_one_group():
    twice = X.iloc[[0, 1, 0, 2]]
    sampler = AugmentSampler(partial(draw_prefixes, n_prefixes=1), random_state=0)
    sampler.fit_resample(twice, Y[[0, 1, 0, 2]])
    assert sampler.sample_indices_.tolist() == [0, 0, 1, 1, 2, 2, 3, 3]
    assert [name == X.index[0] for name in sampler.groups_] == [True] * 2 + [False] * 2 + (
        [True] * 2 + [False] * 2
    )


def test_behind_another_sampler_and_before_features():
    model = make_pipeline(
        RowSampler(RandomUnderSampler(random_state=0)),
        AugmentSampler(THREE, random_state=0),
        LightCurveStatistics(),
        RandomForestClassifier(20, random_state=0),
    ).fit(X, Y)
    assert model[-1].n_features_in_ > 1 and model.score(X, Y) > 0.8
    assert model.predict_proba(X).shape == (30, 3)


def test_partial_light_curves_in_training_help_early_predictions():
    X_new, y_new = make_check_data(300, random_state=1)
    X_test, y_test = make_check_data(150, random_state=2)
    early, objects = draw_prefixes(X_test, 3, random_state=0)
    steps = LightCurveStatistics(), RandomForestClassifier(60, random_state=0)
    plain = make_pipeline(*steps).fit(X_new, y_new).score(early, y_test[objects])
    augmented = make_pipeline(AugmentSampler(THREE, random_state=0), *steps).fit(X_new, y_new)
    assert augmented.score(early, y_test[objects]) > plain + 0.03


def test_grid_search_over_augmentations():
    model = make_pipeline(AugmentSampler(random_state=0), Witness())
    grid = {"augmentsampler__augment": [partial(draw_prefixes, n_prefixes=n) for n in (0, 2)]}
    best = GridSearchCV(model, grid, cv=2).fit(X, Y).best_estimator_
    assert len(best[-1].trained_on_) in (30, 90)


def test_an_array_with_its_own_augmentation():
    def flip(X, random_state):
        return np.concatenate([X, X[:, ::-1]]), np.tile(np.arange(len(X)), 2)

    sampler = AugmentSampler(flip)
    X_new, y_new = sampler.fit_resample(np.arange(6.0).reshape(3, 2), ["a", "b", "a"])
    assert X_new[3:].tolist() == [[1, 0], [3, 2], [5, 4]] and y_new == ["a", "b", "a"] * 2
    assert sampler.groups_.tolist() == [0, 1, 2] * 2


@pytest.mark.parametrize(
    "augment, error, text",
    [
        (lambda X, random_state: (X[:2], [0, 1]), ObjectError, "no copy .object 'SN002'"),
        (lambda X, random_state: (X, [0, 1]), ValueError, "3 copies"),
        (lambda X, random_state: (X, [0, 1, 3]), ValueError, "3 copies"),
        (lambda X, random_state: (X, [0, 1, -1]), ValueError, "3 copies"),
    ],
)
def test_augmentations_that_lose_or_mislabel_are_refused(augment, error, text):
    with pytest.raises(error, match=f"AugmentSampler.*{text}"):
        AugmentSampler(augment).fit_resample(X[:3], Y[:3])


def test_unsorted_light_curves_are_refused_in_a_pipeline():
    X_back = X.assign(lightcurve=X["lightcurve"])
    X_back["lightcurve.time"] = -X["lightcurve.time"]
    with pytest.raises(ValueError, match="sorted"):
        make_pipeline(AugmentSampler(), DummyClassifier()).fit(X_back, Y)
