"""Nested cross-validation sees no test object; the plots of a study."""

import matplotlib as mpl
import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_score

from skastro.exceptions import ObjectError
from skastro.model_selection import (
    OptunaSearchCV,
    ParallelCoordinatesDisplay,
    ParameterImportanceDisplay,
    SearchHistoryDisplay,
    nested_cross_validate,
)

mpl.use("Agg")
SPACE = {"C": FloatDistribution(1e-4, 10, log=True), "fit_intercept": [True, False]}


@pytest.fixture(scope="module")
def data():
    return make_classification(120, 5, n_informative=3, n_classes=3, random_state=0)


class Watched(LogisticRegression):
    """Keeps every object that it was fitted on."""

    seen = []

    def fit(self, X, y):
        Watched.seen.append(set(X[:, 0].tolist()))
        return super().fit(X, y)


def make_search(**options):
    return OptunaSearchCV(Watched(), SPACE, **{"n_trials": 3, "cv": 3, "random_state": 0} | options)


def test_the_outer_test_parts_are_never_fitted(data):
    X, y = data
    Watched.seen.clear()
    cv = list(GroupKFold(3).split(X, y, np.arange(120) // 4))
    table = nested_cross_validate(make_search(pruner=None), X, y, cv=cv)
    per_fold = len(Watched.seen) // 3
    for number, (train, test) in enumerate(cv):
        seen = set.union(*Watched.seen[number * per_fold : (number + 1) * per_fold])
        assert seen == set(X[train, 0]) and not seen & set(X[test, 0])
    assert {"test_score", "best_score", "fit_time", "estimator", "param_C"} <= set(table)


def test_it_is_cross_validation_of_the_search(data):
    table = nested_cross_validate(make_search(), *data, cv=3)
    np.testing.assert_allclose(table["test_score"], cross_val_score(make_search(), *data, cv=3))


def test_a_study_for_each_fold(data, tmp_path):
    search = make_search(storage=tmp_path / "nested.log", study_name="ccsn")
    first = nested_cross_validate(search, *data, cv=3)
    again = nested_cross_validate(search, *data, cv=3)
    assert first["test_score"].tolist() == again["test_score"].tolist()
    studies = {fitted.study_.study_name for fitted in again["estimator"]}
    assert studies == {"ccsn-fold0", "ccsn-fold1", "ccsn-fold2"}
    assert all(len(fitted.study_.trials) == 3 for fitted in again["estimator"])


def test_groups_and_leaks(data):
    groups = np.arange(120) // 2
    table = nested_cross_validate(
        make_search(cv=GroupKFold(2)), *data, cv=GroupKFold(3), groups=groups
    )
    assert len(table) == 3
    with pytest.raises(ObjectError, match="nested_cross_validate: .* share objects"):
        nested_cross_validate(make_search(), *data, cv=[(np.arange(120), np.arange(9))])


@pytest.fixture(scope="module")
def fitted(data):
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return make_search(n_trials=12).fit(*data)


def test_history(fitted):
    display = SearchHistoryDisplay.from_search(fitted).plot()
    lines = {line.get_label(): line for line in display.ax_.lines}
    best = lines["best so far"].get_ydata()
    assert (np.diff(best) >= 0).all() and best[-1] == pytest.approx(fitted.best_score_)


def test_importance(fitted):
    display = ParameterImportanceDisplay.from_search(fitted).plot()
    assert [bar.get_width() for bar in display.ax_.patches] == sorted(display.importances.values())
    with pytest.raises(ValueError, match="at least 2 complete trials"):
        ParameterImportanceDisplay(optuna.create_study()).plot()


def test_parallel_coordinates(fitted):
    display = ParallelCoordinatesDisplay.from_search(fitted).plot()
    complete = (fitted.cv_results_["state"] == "COMPLETE").sum()
    assert len(display.ax_.lines) == complete
    labels = [label.get_text() for label in display.ax_.get_xticklabels()]
    assert labels[1].startswith("fit_intercept") and " to " in labels[0]
    for line in display.ax_.lines:
        assert 0 <= min(line.get_ydata()) and max(line.get_ydata()) <= 1
