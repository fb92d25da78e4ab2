"""scikit-learn's own checks of every classifier that owns a net."""

import pytest
from sklearn.utils.estimator_checks import parametrize_with_checks

from skastro.neural_network import HeatmapCNNClassifier

ESTIMATORS = [HeatmapCNNClassifier(max_epochs=30, lr=1e-2)]
EXPECTED_FAILED_CHECKS = {
    "check_sample_weight_equivalence_on_dense_data": (
        "batches, dropout and batch normalisation see a repeated row and a weighted row "
        "differently; test_weights.py shows the equality for full batches without them"
    ),
}


@parametrize_with_checks(
    ESTIMATORS, expected_failed_checks=lambda estimator: EXPECTED_FAILED_CHECKS
)
def test_sklearn_checks(estimator, check):
    check(estimator)


@pytest.mark.parametrize("name", EXPECTED_FAILED_CHECKS)
def test_every_expected_failure_has_a_reason(name):
    assert len(EXPECTED_FAILED_CHECKS[name]) > 20
