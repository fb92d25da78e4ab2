"""Stamps that lie on disk: the same result, and no copy of a fold."""

import numpy as np
import pytest
from sklearn.naive_bayes import GaussianNB

from skastro.label_errors import LabelErrorFinder, _folds
from skastro.neural_network import StampCNNClassifier

SHAPE = (13, 13, 2)
N = 90


@pytest.fixture
def stamps(tmp_path):
    rng = np.random.default_rng(0)
    y = np.where(np.arange(N) % 3 == 0, "real", "bogus")
    X = rng.normal(size=(N, np.prod(SHAPE))).astype(np.float32) + (y == "real")[:, None]
    np.save(tmp_path / "X.npy", X)
    return X, np.load(tmp_path / "X.npy", mmap_mode="r"), y


@pytest.fixture
def n_copied(monkeypatch):
    """Numbers of rows that are copied in one piece."""
    sizes = []
    original = _folds._safe_indexing
    monkeypatch.setattr(
        _folds, "_safe_indexing", lambda X, rows: sizes.append(len(rows)) or original(X, rows)
    )
    monkeypatch.setattr(_folds, "_ROWS_AT_ONCE", 16)
    return sizes


@pytest.mark.parametrize("class_weight", [None, "balanced"])
def test_a_network_does_not_copy_a_fold(stamps, n_copied, class_weight):
    X, mapped, y = stamps
    y = y.astype(object)
    y[5] = -1
    network = StampCNNClassifier(
        image_shape=SHAPE, max_epochs=2, class_weight=class_weight, random_state=0
    )
    finder = LabelErrorFinder(network, cv=3, random_state=0, action="unlabel")
    expected = finder.fit(X, y).oof_proba_
    n_copied.clear()
    returned, labels = finder.fit_resample(mapped, y)
    np.testing.assert_allclose(finder.oof_proba_, expected, atol=1e-6)
    assert max(n_copied) == 16 and returned is mapped and len(labels) == N


def test_other_classifiers_copy_the_rows_they_train_on(stamps, n_copied):
    X, mapped, y = stamps
    finder = LabelErrorFinder(GaussianNB(), cv=3, random_state=0)
    expected = finder.fit(X, y).oof_proba_
    np.testing.assert_array_equal(finder.fit(mapped, y).oof_proba_, expected)
    assert max(n_copied) == 60


def test_views_of_memory_maps_are_recognised(stamps):
    X, mapped, _ = stamps
    assert _folds.is_file_backed(mapped[10:20]) and _folds.is_file_backed(np.asarray(mapped))
    assert not _folds.is_file_backed(X) and not _folds.is_file_backed(mapped[[1, 2]].copy())
