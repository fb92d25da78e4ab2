"""Tuning of a Pipeline of light curves: the public suite, groups, columns."""

import numpy as np
import pytest
from optuna.distributions import IntDistribution
from sklearn.ensemble import RandomForestClassifier
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline

from skastro.feature_extraction import LightCurveStatistics
from skastro.model_selection import OptunaSearchCV
from skastro.preprocessing import CleanPhotometry
from skastro.testing import make_check_data, parametrize_with_checks

FOREST = make_pipeline(
    CleanPhotometry(), LightCurveStatistics(), RandomForestClassifier(5, random_state=0)
)
SPACE = {"randomforestclassifier__max_depth": IntDistribution(1, 4)}


@parametrize_with_checks([OptunaSearchCV(FOREST, SPACE, n_trials=2, cv=2, random_state=0)])
def test_light_curves(estimator, check):
    check(estimator)


def test_groups_stay_together():
    X, y = make_check_data()
    groups = np.arange(len(X)) // 2
    seen = []

    def score(estimator, X, y):
        seen.append(len(X))
        return estimator.score(X, y)

    search = OptunaSearchCV(
        FOREST, SPACE, n_trials=3, cv=StratifiedGroupKFold(2), scoring=score, random_state=0
    ).fit(X, y, groups=groups)
    assert sum(seen[:2]) == len(X) and search.n_front_fits_ == 2
    with pytest.raises(ValueError, match="share groups"):
        search.set_params(cv=2).fit(X, y, groups=groups)
