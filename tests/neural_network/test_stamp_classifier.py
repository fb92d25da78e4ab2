"""StampCNNClassifier: learning, missing labels, orientations, files larger than memory."""

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.label_errors import LabelErrorFinder
from skastro.neural_network import StampCNNClassifier
from skastro.neural_network.inputs import Stamps
from skastro.nn import RealBogusLoss
from skastro.preprocessing import FillStamps

pytestmark = pytest.mark.slow  # trains a convolutional network
SHAPE = (12, 12, 2)


def stamps(n=120, seed=0):
    """Noise, and in half of the stamps a source at a random place."""
    rng = np.random.default_rng(seed)
    images, y = rng.normal(100, 1, (n, *SHAPE)), np.arange(n) % 2
    row, column = rng.integers(2, 9, (2, n))
    for i in np.flatnonzero(y):
        images[i, row[i] : row[i] + 2, column[i] : column[i] + 2, 0] += 6
    return images.reshape(n, -1).astype(np.float32), y


def classifier(**parameters):
    defaults = {"image_shape": SHAPE, "batch_size": 16, "max_epochs": 15, "random_state": 0}
    return StampCNNClassifier(**defaults | parameters)


@pytest.fixture(scope="module")
def data():
    return stamps(240)


@pytest.fixture(scope="module")
def fitted(data):
    return classifier(max_epochs=30).fit(*data)


def test_learns_what_a_source_is(fitted):
    assert fitted.score(*stamps(200, seed=1)) > 0.9


def test_raw_counts_of_any_gain_give_the_same_prediction(fitted):
    X, _ = stamps(20, seed=2)
    np.testing.assert_allclose(
        fitted.predict_proba(X), fitted.predict_proba(7 * X - 300), atol=1e-3
    )


def test_pixels_that_mark_what_is_missing_are_refused_until_they_are_filled(fitted):
    X, _ = stamps(20, seed=2)
    X[3, 7] = -np.finfo(np.float32).max
    with pytest.raises(ObjectError, match=r"beyond 1e\+18.*FillStamps.*3"):
        fitted.predict_proba(X)
    filled = FillStamps(image_shape=SHAPE).fit_transform(X)
    assert np.isfinite(fitted.predict_proba(filled)).all()


def test_mean_over_orientations_knows_no_orientation(fitted):
    X, _ = stamps(20, seed=3)
    fitted.average_orientations = True
    try:
        plain = fitted.predict_proba(X)
        turned = np.rot90(X.reshape(-1, *SHAPE), axes=(1, 2)).reshape(X.shape)
        np.testing.assert_allclose(fitted.predict_proba(turned), plain, atol=1e-6)
        mirrored = X.reshape(-1, *SHAPE)[:, ::-1].reshape(X.shape)
        np.testing.assert_allclose(fitted.predict_proba(mirrored), plain, atol=1e-6)
    finally:
        fitted.average_orientations = False
    assert np.abs(fitted.predict_proba(X) - fitted.predict_proba(turned)).max() > 1e-4


def test_turns_of_training_keep_every_stamp_and_its_label(data):
    X, _ = data
    source = Stamps(X, {"image": SHAPE}, "Test", augment=True)
    batch = source.take(np.arange(50), generator=torch.Generator())["image"].numpy()
    assert batch.shape == (50, *SHAPE)
    np.testing.assert_array_equal(
        np.sort(batch.reshape(50, -1)), np.sort(source.take(np.arange(50))["image"].reshape(50, -1))
    )
    changed = (batch.reshape(50, -1) != X[:50]).any(axis=1)
    assert 0.6 < changed.mean() < 1


def test_rectangles_are_never_transposed():
    source = Stamps(np.zeros((3, 24)), {"image": (4, 6, 1)}, "Test")
    assert list(source.orientations) == [0, 2, 4, 6]


def test_unlabelled_stamps_are_no_class_and_need_no_validation(data):
    X, y = data
    partly = np.where(np.arange(len(y)) % 3 == 0, -1, y)
    model = classifier(criterion=RealBogusLoss(vat=0.1), max_epochs=3).fit(X, partly)
    assert model.classes_.tolist() == [0, 1]
    assert set(model.predict(X)) <= {0, 1}
    assert np.isfinite(model.history_[["train_loss", "valid_loss"]]).all(axis=None)


def test_without_vat_unlabelled_stamps_change_nothing(data):
    X, y = data
    labelled = y >= 0
    labelled[1::3] = False
    partly = np.where(labelled, y, -1)
    options = {"batch_size": "all", "augment": False, "validation": None, "max_epochs": 3}
    options |= {"architecture": "complex", "image_shape": (12, 12, 2)}
    found = classifier(**options).fit(X[:60], partly[:60]).predict_proba(X[60:])
    fewer = labelled[:60]
    expected = classifier(**options).fit(X[:60][fewer], y[:60][fewer]).predict_proba(X[60:])
    np.testing.assert_allclose(found, expected, atol=2e-3)


def test_text_labels_may_be_missing_too(data):
    X, y = data
    labels = np.where(np.arange(len(y)) % 4 == 0, -1, np.where(y, "real", "bogus").astype(object))
    model = classifier(max_epochs=2).fit(X, labels)
    assert model.classes_.tolist() == ["bogus", "real"]


def test_minus_one_beside_one_class_is_a_class(data):
    X, y = data
    model = classifier(max_epochs=20).fit(X, 2 * y - 1)
    assert model.classes_.tolist() == [-1, 1]
    assert model.score(X, 2 * y - 1) > 0.8


def test_batches_without_a_class_or_a_label_do_no_harm(data):
    X, y = data
    rare = np.where(np.arange(len(y)) % 40 < 2, y, -1)
    loss = RealBogusLoss(cross_entropy=0.1, auc=1.0, vat=0.1)
    model = classifier(criterion=loss, batch_size=4, max_epochs=2).fit(X, rare)
    assert np.isfinite(model.predict_proba(X)).all()


def test_balanced_weights_leave_missing_labels_aside(data):
    X, y = data
    partly = np.where(np.arange(len(y)) % 3 == 0, -1, y)
    model = classifier(max_epochs=1, class_weight="balanced").fit(X, partly)
    assert model.classes_.tolist() == [0, 1]


def test_a_stamp_with_a_gap_is_unclassified(fitted, data):
    X = data[0][:6].copy()
    X[2, 40] = np.nan
    proba = fitted.predict_proba(X)
    assert np.isnan(proba[2]).all() and np.isfinite(np.delete(proba, 2, axis=0)).all()
    with pytest.warns(ObjectWarning, match="object 2"):
        classifier(max_epochs=1).fit(X, np.array([0, 1, 0, 1, 0, 1]))


def test_memory_mapped_rows_give_the_same_network(data, tmp_path):
    X, y = data
    mapped = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, X.shape)
    mapped[:] = X
    mapped = np.load(tmp_path / "x.npy", mmap_mode="r")
    expected = classifier(max_epochs=2).fit(X, y).predict_proba(X)
    found = classifier(max_epochs=2).fit(mapped, y).predict_proba(mapped)
    np.testing.assert_array_equal(found, expected)


def test_more_than_two_classes(data):
    X, y = data
    three = np.where(np.arange(len(y)) < 80, y, 2)
    X = np.where((three == 2)[:, None], X[:, ::-1] * 0 + np.linspace(0, 9, X.shape[1]) + X, X)
    model = classifier(max_epochs=15).fit(X.astype(np.float32), three)
    assert model.predict_proba(X).shape == (240, 3)
    assert model.score(X.astype(np.float32), three) > 0.7


def test_wrong_labels_are_found_before_the_second_stage():
    X, y = stamps(300, seed=5)
    flipped = np.random.default_rng(0).permutation(300)[:24]
    wrong = y.copy()
    wrong[flipped] = 1 - wrong[flipped]
    finder = LabelErrorFinder(classifier(max_epochs=12), cv=3, action="unlabel", random_state=0)
    X_new, y_new = finder.fit_resample(X, wrong)
    assert len(X_new) == 300 and (y_new[flipped] == -1).mean() > 0.5
    model = classifier(criterion=RealBogusLoss(vat=0.1), max_epochs=12).fit(X_new, y_new)
    assert model.score(*stamps(200, seed=6)) > 0.85


def test_cross_validation(data):
    assert cross_val_score(classifier(max_epochs=12), *data, cv=2).mean() > 0.7
