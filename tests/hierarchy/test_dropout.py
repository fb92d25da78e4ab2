"""Classifiers that sample a network with dropout pass the checks of order, subset and batch."""

import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import JointClassifier, ParallelBinaryClassifier
from skastro.neural_network import RecurrentClassifier
from skastro.preprocessing import CleanPhotometry
from skastro.testing import light_curve_checks, make_check_data

INVARIANCE = [
    "check_subset_invariance",
    "check_order_invariance",
    "check_slice_invariance",
    "check_concat_invariance",
    "check_one_object",
    "check_empty_light_curves",
]
NETWORK = RecurrentClassifier(max_epochs=1, batch_size=8, random_state=0)
CHECKS = {check.__name__: check for check in light_curve_checks()}


@pytest.mark.parametrize("name", INVARIANCE)
@pytest.mark.parametrize("classifier", [JointClassifier, ParallelBinaryClassifier])
def test_invariance_with_dropout(classifier, name):
    estimator = classifier(NETWORK, ambiguity=None, n_samples=3)
    CHECKS[name](estimator, data=make_check_data)


@pytest.mark.parametrize(
    "step", [CleanPhotometry(), LightCurveStatistics()], ids=["transformer", "features"]
)
def test_labels_of_other_objects_are_refused_by_the_first_step(step):
    X, y = make_check_data()
    model = make_pipeline(step, LogisticRegression())
    with pytest.raises(ValueError, match="y has another index than X"):
        model.fit(X, pd.Series(y))
