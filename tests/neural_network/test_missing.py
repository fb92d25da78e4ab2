"""Objects that cannot be classified get an explicit label; static columns may be missing."""

import numpy as np
import pytest

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.neural_network import HeatmapCNNClassifier


@pytest.fixture
def data():
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 14)).astype(np.float32)
    y = np.where(X[:, :12].mean(1) > 0, "SNIa", "SNII")
    return X, y


@pytest.fixture
def model():
    return HeatmapCNNClassifier(image_shape=(3, 4, 1), max_epochs=3, random_state=0)


def test_unusable_objects_are_counted_named_and_left_out(data, model):
    X, y = data
    holes = X.copy()
    holes[[3, 8], 5] = np.nan
    with pytest.warns(
        ObjectWarning, match=r"2 of 60 objects are left out.*NaN in image \(objects 3, 8\)"
    ):
        model.fit(holes, y)
    assert model.n_unusable_ == 2
    with_holes = model.predict_proba(X)
    keep = np.setdiff1d(np.arange(60), [3, 8])
    np.testing.assert_array_equal(model.fit(X[keep], y[keep]).predict_proba(X), with_holes)
    assert model.n_unusable_ == 0


def test_unusable_objects_get_nan_and_do_not_move_the_others(data, model):
    X, y = data
    model.fit(X, y)
    before = model.predict_proba(X)
    X[[0, 59], 0] = np.nan
    after = model.predict_proba(X)
    assert np.isnan(after[[0, 59]]).all()
    np.testing.assert_allclose(after[1:59], before[1:59], atol=1e-6)
    labels = model.predict(X)
    assert labels[0] == labels[59] == "unclassified"
    assert set(labels[1:59]) <= {"SNIa", "SNII"}


def test_every_object_unusable(data, model):
    X, y = data
    model.fit(X, y)
    assert np.isnan(model.predict_proba(np.full((2, 14), np.nan))).all()
    with pytest.warns(ObjectWarning), pytest.raises(ValueError, match="at least 2 classes"):
        model.fit(np.full_like(X, np.nan), y)


@pytest.mark.parametrize("kind", [int, float, bool])
def test_numbers_have_no_label_for_unclassified(data, model, kind):
    X, y = data
    y = (y == "SNIa").astype(kind)
    model.fit(X, y)
    assert model.predict(X).dtype == kind
    X[4, 0] = np.nan
    with pytest.raises(ObjectError, match="unclassified='prior'") as error:
        model.predict(X)
    assert error.value.ids == [4]
    assert np.isnan(model.predict_proba(X)[4]).all()


def test_object_labels_become_unclassified(data, model):
    X, y = data
    model.fit(X, y.astype(object))
    X[4, 0] = np.nan
    assert model.predict(X)[4] == "unclassified"


def test_missing_static_values_are_allowed_and_informative(model):
    rng = np.random.default_rng(0)
    X = rng.normal(size=(400, 13)).astype(np.float32)
    y = np.repeat(["a", "b"], 200)
    X[:, 12] = np.where(y == "a", np.nan, X[:, 12])
    model.set_params(max_epochs=40, lr=1e-2).fit(X, y)
    assert model.n_unusable_ == 0
    assert model.score(X, y) > 0.97


def test_static_columns_may_be_missing_altogether_or_constant(data, model):
    X, y = data
    X[:, 12], X[:, 13] = np.nan, 7.0
    assert np.isfinite(model.fit(X, y).predict_proba(X)).all()


def test_scale_and_zero_point_of_static_columns_do_not_matter(data, model):
    X, y = data
    shifted = X.astype(np.float64)
    shifted[:, 12:] = 1e4 + 1e3 * shifted[:, 12:]
    np.testing.assert_allclose(
        model.fit(X, y).predict_proba(X), model.fit(shifted, y).predict_proba(shifted), atol=1e-4
    )


def test_infinity_is_an_error_everywhere(data, model):
    X, y = data
    model.fit(X, y)
    X[2, 13] = np.inf
    for method in (lambda: model.fit(X, y), lambda: model.predict(X)):
        with pytest.raises(ObjectError, match="infinity.*object 2"):
            method()


def test_without_an_image_shape_nan_is_an_error(data):
    X, y = data
    X[2, 3] = np.nan
    with pytest.raises(ValueError, match="NaN.*object 2"):
        HeatmapCNNClassifier().fit(X, y)
