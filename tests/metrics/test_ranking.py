"""False-positive rate at a true-positive rate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import make_scorer
from sklearn.model_selection import GridSearchCV

from skastro.metrics import false_positive_rate_at


def by_every_cut(y, score, tpr):
    """Smallest rate over all cuts, one at a time."""
    rates = [1.0]
    for cut in np.unique(score[~np.isnan(score)]):
        chosen = score >= cut
        if chosen[y == 1].mean() >= tpr - 1e-12:
            rates.append(chosen[y == 0].mean())
    return min(rates)


@settings(max_examples=50, deadline=None)
@given(
    st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.4, np.nan]), min_size=4, max_size=30),
    st.floats(0.05, 1.0),
    st.integers(0, 10**6),
)
def test_is_the_best_of_all_cuts(scores, tpr, seed):
    scores = np.array(scores)
    y = np.random.default_rng(seed).permutation(np.arange(len(scores)) % 2)
    expected = by_every_cut(y, scores, tpr)
    assert false_positive_rate_at(y, scores, tpr=tpr) == pytest.approx(expected)


def test_labels_of_any_kind():
    y, score = np.array(["real", "bogus", "real"]), [0.2, 0.6, 0.9]
    assert false_positive_rate_at(y, score, pos_label="real", tpr=0.5) == 0
    assert false_positive_rate_at(y, score, pos_label="real", tpr=1.0) == 1


def test_weights_count():
    y, score = [1, 0, 0], [0.5, 0.6, 0.1]
    assert false_positive_rate_at(y, score, sample_weight=[1, 3, 1]) == 0.75


def test_as_a_scorer():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(80, 2)), np.arange(80) % 2
    X[:, 0] += 2 * y
    scorer = make_scorer(
        false_positive_rate_at, greater_is_better=False, response_method="predict_proba", tpr=0.9
    )
    search = GridSearchCV(LogisticRegression(), {"C": [0.1, 1.0]}, scoring=scorer).fit(X, y)
    assert -0.5 < search.best_score_ <= 0


@pytest.mark.parametrize(
    ("y", "score", "options", "message"),
    [
        ([0, 1], [0.1, 0.2], {"tpr": 0.0}, "tpr"),
        ([0, 0], [0.1, 0.2], {}, "one other class"),
        ([0, 2], [0.1, 0.2], {}, "one other class"),
        ([0, 1], [0.1, np.inf], {}, "infinity"),
    ],
)
def test_senseless_arguments_are_refused(y, score, options, message):
    with pytest.raises(ValueError, match=message):
        false_positive_rate_at(y, score, **options)
