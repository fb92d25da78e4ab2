"""The real-bogus recipe: stages, parameters, prediction from disk."""

import joblib
import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from skastro.datasets import make_label_noise, make_stamps
from skastro.neural_network import StampCNNClassifier
from skastro.nn import ComplexStampNet
from skastro.recipes import (
    REALBOGUS_PAPER,
    make_realbogus,
    make_realbogus_classifier,
    make_realbogus_features,
)

SHAPE = (15, 15, 3)


@pytest.fixture(scope="module")
def data():
    """Train and test stamps, some labels of the former wrong, and the detectors."""
    easy = {
        "image_shape": SHAPE,
        "sources": ["transient"],
        "artefacts": ["dipole", "residual", "cosmic ray", "bad column", "saturated", "satellite"],
    }
    X, y, meta = make_stamps(400, random_state=0, **easy)
    X_test, y_test, _ = make_stamps(300, random_state=1, **easy)
    given, wrong = make_label_noise(y, rate=0.1, random_state=0)
    return X, given, wrong, X_test, y_test, meta["detector"].to_numpy()


@pytest.mark.slow
def test_two_stages_find_wrong_labels_and_learn_from_the_rest(data, tmp_path):
    X, given, wrong, X_test, y_test, _ = data
    model = make_realbogus(
        image_shape=SHAPE,
        architecture="simple",
        loss={"cross_entropy": 1.0, "vat": 0.1},
        cv=3,
        max_epochs=15,
        random_state=0,
    ).fit(X, given)
    suspects = model[0].label_errors_
    assert wrong[suspects].mean() > 2 * wrong.mean()
    assert model.classes_.tolist() == [0, 1]
    joblib.dump(model, tmp_path / "model.joblib")
    loaded = joblib.load(tmp_path / "model.joblib")
    np.testing.assert_array_equal(loaded.predict_proba(X_test), model.predict_proba(X_test))
    assert roc_auc_score(y_test, model.predict_proba(X_test)[:, 1]) > 0.65


def test_parameters_reach_the_networks():
    loss = {"auc": 1.0, "vat": 0.1}
    model = make_realbogus_classifier(architecture="complex", width=0.5, loss=loss, optimizer="SGD")
    assert isinstance(model, StampCNNClassifier)
    assert model.architecture.func is ComplexStampNet
    assert model.criterion.auc == 1.0 and model.optimizer == "SGD"
    for architecture in ("simple", "complex"):
        model = make_realbogus_classifier(architecture=architecture, normalization="noise_asinh")
        assert model.architecture().normalization.method == "noise_asinh"
    pipeline = make_realbogus(method="threshold", action="relabel", cv=7, first={"lr": 0.1})
    assert pipeline[0].cv == 7 and pipeline[0].action == "relabel"
    assert pipeline[0].estimator[-1].lr == 0.1
    assert pipeline[-1].criterion.vat == 1.0
    assert pipeline[-1].architecture.func is ComplexStampNet


def test_both_stages_of_the_paper_are_trained_alike():
    model = make_realbogus(**REALBOGUS_PAPER)
    first, final = model[0].estimator[-1], model[-1]
    assert (first.optimizer, first.max_epochs) == (final.optimizer, final.max_epochs)
    assert first.architecture == "simple" and first.criterion is None
    assert final.criterion.cross_entropy == 0.1


def test_stamps_are_filled_and_cropped(data):
    X, given, *_ = data
    X = X.copy()
    X[0, 0] = np.nan
    options = {"image_shape": SHAPE, "stamp_size": 13, "max_missing": 0.1}
    rows = make_realbogus_features(**options).fit_transform(X)
    assert rows.shape == (400, 13 * 13 * 3) and np.isfinite(rows).all()
    model = make_realbogus(method=None, max_epochs=1, random_state=0, **options).fit(X, given)
    assert model[-1].image_shape == (13, 13, 3)
    np.testing.assert_array_equal(model[:-1].transform(X), rows)


def test_stamps_that_need_no_change_are_not_copied(data):
    X, *_ = data
    assert make_realbogus_features(image_shape=SHAPE).fit_transform(X) is X


def test_the_survey_defines_the_shape_of_stamps():
    assert make_realbogus("ZTF", method=None)[-1].image_shape == (63, 63, 3)
    with pytest.raises(ValueError, match="survey 'LSST' is not known; pass image_shape"):
        make_realbogus("LSST")
