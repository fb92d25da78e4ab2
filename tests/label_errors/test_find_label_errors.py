import warnings
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np
import pandas as pd
import pytest
from cleanlab import filter as cleanlab_filter
from cleanlab import rank as cleanlab_rank

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.label_errors import find_label_errors, label_quality_scores
from skastro.label_errors._find import METHODS
from skastro.label_errors._quality import METHODS as QUALITIES
from skastro.label_errors._quality import best_other

OF_DISAGREEMENT = {"method": "consensus", "vote": "disagreement"}
FILTERS = {
    "disagreement": "predicted_neq_given",
    "noise_rate": "prune_by_noise_rate",
    "confident_learning": "confident_learning",
}


def make_case(seed, *, decimals=None):
    """Return noisy labels and informative probabilities for a random number of classes."""
    rng = np.random.default_rng(seed)
    n_classes, n_objects = rng.integers(2, 7), rng.integers(12, 400)
    weights = rng.dirichlet(np.full(n_classes, 2.0))
    true = rng.choice(n_classes, n_objects, p=weights)
    given = np.where(rng.random(n_objects) < 0.2, rng.integers(n_classes, size=n_objects), true)
    given[:n_classes] = np.arange(n_classes)
    logits = rng.normal(size=(n_objects, n_classes)) + rng.uniform(0, 3) * np.eye(n_classes)[true]
    proba = np.exp(logits)
    if decimals is not None:
        proba = np.round(proba / proba.sum(axis=1, keepdims=True), decimals) + 10**-decimals
    return given, proba / proba.sum(axis=1, keepdims=True)


def cleanlab_errors(given, proba, method):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return cleanlab_filter.find_label_issues(given, proba, filter_by=FILTERS[method], n_jobs=1)


@pytest.mark.parametrize("method", FILTERS)
@pytest.mark.parametrize("seed", range(25))
def test_equal_to_cleanlab(method, seed):
    given, proba = make_case(seed)
    expected = cleanlab_errors(given, proba, method)
    assert 0 < expected.sum() < len(given)
    np.testing.assert_array_equal(find_label_errors(given, proba, method=method), expected)


@pytest.mark.parametrize("method", FILTERS)
def test_equal_to_cleanlab_for_classes_of_few_objects(method, monkeypatch):
    monkeypatch.setattr(np, "argsort", partial(np.argsort, kind="stable"))
    n_found = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        given = rng.permutation(np.concatenate([np.arange(5), rng.integers(5, size=7)]))
        proba = rng.dirichlet(np.full(5, 0.5), size=12)
        expected = cleanlab_errors(given, proba, method)
        np.testing.assert_array_equal(find_label_errors(given, proba, method=method), expected)
        n_found += expected.sum()
    assert n_found > 100


@pytest.mark.parametrize("method", FILTERS)
@pytest.mark.parametrize("seed", range(25))
def test_equal_to_cleanlab_with_ties(method, seed, monkeypatch):
    monkeypatch.setattr(np, "argsort", partial(np.argsort, kind="stable"))
    given, proba = make_case(seed, decimals=1)
    expected = cleanlab_errors(given, proba, method)
    np.testing.assert_array_equal(find_label_errors(given, proba, method=method), expected)


@pytest.mark.parametrize("method", FILTERS)
@pytest.mark.parametrize("seed", range(10))
def test_equal_to_cleanlab_where_a_middle_class_has_no_objects(method, seed):
    given, proba = make_case(100 + seed)
    proba = np.insert(proba, 1, 0.3 * proba.mean(axis=1), axis=1)
    proba /= proba.sum(axis=1, keepdims=True)
    given = given + (given >= 1)
    names = np.arange(proba.shape[1])
    expected = cleanlab_errors(given, proba, method)
    assert expected.any()
    errors = find_label_errors(given, proba, classes=names, method=method)
    np.testing.assert_array_equal(errors, expected)


@pytest.mark.parametrize("method", QUALITIES)
@pytest.mark.parametrize("seed", range(5))
def test_quality_is_that_of_cleanlab(method, seed):
    given, proba = make_case(seed)
    assert proba.min() > 1e-6
    expected = cleanlab_rank.get_label_quality_scores(given, proba, method=method)
    np.testing.assert_allclose(
        label_quality_scores(given, proba, method=method), expected, rtol=1e-10
    )


@pytest.mark.parametrize(
    "method, expected",
    [
        ("self_confidence", [1.0, 0.0, 0.5, 0.6]),
        ("normalized_margin", [1.0, 0.0, 0.5, 0.6]),
        # s = -(0.6 ln 0.6 + 0.4 ln 0.4) / (0.6 ln 2) = 1.618 in the last row, and
        # ln(1e6) / ln 2 = 19.93 where the label is certainly wrong.
        ("confidence_weighted_entropy", [1.0, 0.1526, np.log(3) / 2, 0.5948]),
    ],
)
def test_known_qualities_where_probabilities_are_certain(method, expected):
    proba = [[1.0, 0.0], [1.0, 0.0], [0.5, 0.5], [0.6, 0.4]]
    scores = label_quality_scores([0, 1, 1, 0], proba, method=method)
    np.testing.assert_allclose(scores, expected, atol=2e-4)
    assert scores.argmin() == 1


@pytest.mark.parametrize("seed", range(10))
def test_self_confidence_counts_as_cleanlab_does(seed):
    given, proba = make_case(seed)
    errors = find_label_errors(given, proba, method="self_confidence")
    counted = cleanlab_errors(given, proba, "confident_learning")
    doubted = cleanlab_errors(given, proba, "disagreement")
    own = np.where(doubted, proba[np.arange(len(given)), given], np.inf)
    assert sorted(np.flatnonzero(errors)) == sorted(np.argsort(own)[: counted.sum()])


@pytest.mark.parametrize("share, n_errors", [(0.0, 0), (0.05, 5), (0.1, 10), (1.0, 30)])
def test_self_confidence_uses_a_known_share(share, n_errors):
    p1 = np.linspace(0.2, 0.703, 100)
    proba = np.column_stack([1 - p1, p1])
    # Rows from 60 on disagree; the last ones most; the unlabelled last ten do not count.
    given = np.zeros(100, int)
    given[90:] = -1
    errors = find_label_errors(given, proba, classes=[0, 1], method="self_confidence", share=share)
    n_errors = round(0.9 * n_errors) if n_errors < 30 else 30
    assert np.flatnonzero(errors).tolist() == list(range(90 - n_errors, 90))


def test_the_best_other_class_is_never_the_given_one():
    others, proba = best_other(np.array([0, 1, 1]), np.array([[1.0, 0.0], [0.0, 1.0], [0.4, 0.6]]))
    assert others.tolist() == [1, 0, 0]
    assert proba.tolist() == [0.0, 0.0, 0.4]


PROBA = np.array([[0.9, 0.1], [0.6, 0.4], [0.25, 0.75], [0.5, 0.5], [0.35, 0.65], [0.1, 0.9]])
GIVEN = np.array([0, 0, 0, 1, 1, 0])


@pytest.mark.parametrize(
    "options, expected",
    [
        ({"method": "disagreement"}, [2, 5]),
        ({"method": "threshold"}, [2, 5]),
        ({"method": "threshold", "threshold": 0.75}, [5]),
        ({"method": "threshold", "threshold": 0.0}, [2, 5]),
        # Limits: mean p0 of class 0 is 0.4625, mean p1 of class 1 is 0.575.
        ({"method": "confident_learning"}, [2, 5]),
        ({"method": "noise_rate"}, [2, 5]),
    ],
)
def test_known_results(options, expected):
    assert np.flatnonzero(find_label_errors(GIVEN, PROBA, **options)).tolist() == expected


@pytest.mark.parametrize(
    "method, expected",
    [("confident_learning", [2]), ("noise_rate", [2, 3]), ("disagreement", [2, 3, 4])],
)
def test_methods_differ_in_the_number_of_suspects(method, expected):
    given = np.array([0, 0, 0, 0, 0, 1, 1, 1])
    p1 = np.array([0.1, 0.2, 0.95, 0.65, 0.55, 0.9, 0.8, 0.7])
    proba = np.column_stack([1 - p1, p1])
    # The limits are 0.51 and 0.8: of the objects labelled 0, two count as 0 and one as 1, which
    # makes 1.67, rounded to two, of all five.
    errors = find_label_errors(given, proba, method=method)
    assert np.flatnonzero(errors).tolist() == expected


@pytest.mark.parametrize(
    "agreement, expected", [(1.0, [0]), (2 / 3, [0, 1]), (0.34, [0, 1]), (1 / 3, [0, 1, 2])]
)
def test_consensus_counts_votes(agreement, expected):
    votes = np.array([[1, 1, 1, 0], [1, 1, 0, 0], [1, 0, 0, 0]])
    proba = np.stack([np.column_stack([1 - v, v]) for v in 0.1 + 0.8 * votes])
    errors = find_label_errors(
        [0, 0, 0, 0], proba, classes=[0, 1], agreement=agreement, **OF_DISAGREEMENT
    )
    assert np.flatnonzero(errors).tolist() == expected


def test_consensus_of_one_vote_is_the_vote():
    given, proba = make_case(3)
    for vote in METHODS:
        errors = find_label_errors(given, proba[None], method="consensus", vote=vote)
        np.testing.assert_array_equal(errors, find_label_errors(given, proba, method=vote))


def test_consensus_leaves_out_repeats_without_probabilities():
    proba = np.array([[[0.1, 0.9], [0.1, 0.9]], [[np.nan, np.nan], [0.9, 0.1]]])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        errors = find_label_errors([0, 0], proba, classes=[0, 1], **OF_DISAGREEMENT)
    assert errors.tolist() == [True, False]


def test_without_votes_there_are_no_suspects():
    proba = np.array([[[0.1, 0.9], [0.1, 0.9], [np.nan, np.nan], [0.9, 0.1]]] * 2)
    with pytest.warns(ObjectWarning, match="1 of 4"):
        errors = find_label_errors([0, -1, 0, 0], proba, classes=[0, 1], **OF_DISAGREEMENT)
    assert errors.tolist() == [True, False, False, False]


def name_classes(given, n_classes, seed):
    names = np.random.default_rng(seed).permutation(["Ia", "II", "Ib", "Ic", "AGN", "TDE"])
    names = np.sort(names[:n_classes])
    return names[given], names


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("seed", range(5))
def test_text_labels_and_columns_in_any_order(method, seed):
    given, proba = make_case(seed)
    n_classes = proba.shape[1]
    labels, names = name_classes(given, n_classes, seed)
    expected = find_label_errors(given, proba, method=method)
    columns = np.random.default_rng(seed).permutation(n_classes)
    for y in (labels, labels.tolist(), pd.Series(labels), pd.Series(pd.Categorical(labels))):
        errors = find_label_errors(y, proba[:, columns], classes=names[columns], method=method)
        np.testing.assert_array_equal(errors, expected)
    scores = label_quality_scores(labels, proba[:, columns], classes=names[columns])
    np.testing.assert_array_equal(scores, label_quality_scores(given, proba))


@pytest.mark.parametrize("method", METHODS)
def test_threads_do_not_disturb_each_other(method):
    cases = [make_case(seed) for seed in range(20)]
    expected = [find_label_errors(*case, method=method) for case in cases]
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda case: find_label_errors(*case, method=method), cases))
    for errors, serial in zip(found, expected):
        np.testing.assert_array_equal(errors, serial)


@pytest.mark.parametrize("method", METHODS)
def test_rows_in_any_order(method):
    given, proba = make_case(8)
    rows = np.random.default_rng(0).permutation(len(given))
    errors = find_label_errors(given[rows], proba[rows], method=method)
    np.testing.assert_array_equal(errors, find_label_errors(given, proba, method=method)[rows])


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", [np.int64, np.float64, object, str])
def test_unlabelled_objects_have_no_effect_and_are_not_errors(method, kind):
    given, proba = make_case(4)
    expected = find_label_errors(given, proba, method=method)
    more = np.concatenate([given, [-1, -1]]).astype(kind)
    wild = np.concatenate([proba, np.eye(proba.shape[1])[:2]])
    errors = find_label_errors(more, wild, method=method)
    np.testing.assert_array_equal(errors, [*expected, False, False])
    assert np.isnan(label_quality_scores(more, wild)[-2:]).all()


def test_minus_one_is_a_class_if_it_is_among_the_classes():
    proba = [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8], [0.1, 0.9]]
    errors = find_label_errors([-1, 1, 1, -1], proba, classes=[-1, 1], method="disagreement")
    assert errors.tolist() == [False, True, False, True]


def test_minus_one_as_string_is_unlabelled_among_strings():
    y = np.array(["a", "b", "-1"], dtype=object)
    scores = label_quality_scores(y, [[0.9, 0.1], [0.8, 0.2], [0.2, 0.8]])
    np.testing.assert_array_equal(scores, [0.9, 0.2, np.nan])


@pytest.mark.parametrize("method", METHODS)
def test_rows_with_nan_are_named_and_have_no_effect(method):
    given, proba = make_case(4)
    expected = find_label_errors(given, proba, method=method)
    more = np.concatenate([proba, np.full((1, proba.shape[1]), np.nan)])
    with pytest.warns(ObjectWarning, match=f"1 of {len(more)} .*NaN.* not judged: {len(given)}"):
        errors = find_label_errors([*given, given[0]], more, method=method)
    np.testing.assert_array_equal(errors, [*expected, False])
    with pytest.warns(ObjectWarning, match="NaN"):
        assert np.isnan(label_quality_scores([*given, given[0]], more)[-1])


def test_nan_of_an_unlabelled_object_is_not_reported():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        errors = find_label_errors([0, 1, -1], [[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan]])
    assert not errors.any()


FRAME = pd.DataFrame([[0.9, 0.1], [0.1, 0.9], [0.2, 0.8], [0.3, 0.7]], columns=["b", "a"])


@pytest.mark.parametrize(
    "proba",
    [FRAME, FRAME[["a", "b"]], FRAME.add_prefix("prob_").assign(label=["b", "a", "a", "a"])],
    ids=["columns b, a", "columns a, b", "prediction table"],
)
def test_columns_of_a_frame_are_found_by_name(proba):
    y = ["b", "a", "a", "b"]
    for options in ({}, {"classes": ["a", "b"]}, {"classes": ["b", "a"]}):
        errors = find_label_errors(y, proba, method="disagreement", **options)
        assert errors.tolist() == [False, False, False, True]
        assert label_quality_scores(y, proba, **options).tolist() == [0.9, 0.9, 0.8, 0.3]
    errors = find_label_errors(y, [FRAME, FRAME[["a", "b"]]], **OF_DISAGREEMENT)
    assert errors.tolist() == [False, False, False, True]


def test_columns_of_a_frame_that_are_not_the_classes_are_refused():
    with pytest.raises(ValueError, match="find_label_errors: .*'c', which are not among"):
        find_label_errors(["a", "c"], FRAME[:2])
    with pytest.raises(ValueError, match="columns of the probabilities are 'b', 'a'"):
        find_label_errors(["a", "b"], FRAME[:2], classes=["a", "c"])


@pytest.mark.parametrize("y", [[0, 1, 1, 0], [0.0, 1.0, 1.0, 0.0]])
def test_numbers_as_names_of_columns(y):
    proba = FRAME.set_axis(["0", "1"], axis=1)
    assert label_quality_scores(y, proba).tolist() == [0.9, 0.9, 0.8, 0.3]


def test_minus_one_beside_one_other_number_is_a_class():
    errors = find_label_errors([-1, 1, 1, -1], FRAME.to_numpy(), method="disagreement")
    assert errors.tolist() == [False, False, False, True]


@pytest.mark.parametrize(
    "y, proba, options, error, match",
    [
        ([0, 1], [[0.5, 0.5], [0.9, 0.2]], {}, ObjectError, r"do not sum to one \(object 1\)"),
        ([0, 1], [[0.5, 0.5], [1.5, -0.5]], {}, ObjectError, r"outside \[0, 1\] \(object 1\)"),
        ([0, 2], np.full((2, 3), 1 / 3), {}, ValueError, "3 columns for the 2 classes 0, 2"),
        (
            ["a", "c"],
            [[0.5, 0.5]] * 2,
            {"classes": ["a", "b"]},
            ValueError,
            "labels 'c', which are not among the classes",
        ),
        (["a", "b"], [[0.5, 0.5]] * 2, {"classes": ["a", "a"]}, ValueError, "distinct"),
        ([0, 1, 1], [[0.5, 0.5]] * 2, {}, ValueError, "inconsistent numbers of samples"),
        (["a", None], [[0.5, 0.5]] * 2, {}, ObjectError, r"no label .*\(object 1\)"),
        ([0.5, 1.25], [[0.5, 0.5]] * 2, {}, ValueError, "continuous"),
        (np.array(["a", 1], object), [[0.5, 0.5]] * 2, {}, ValueError, "different types"),
        ([0, 1], [0.5, 0.5], {}, ValueError, "shape"),
        ([0, 0], [[1.0], [1.0]], {}, ValueError, "at least two classes"),
        (None, [[0.5, 0.5]], {}, ValueError, "target y is None"),
        (
            [0, 1],
            [[0.5, 0.5]] * 2,
            {"method": "guess"},
            ValueError,
            "one of .*, not 'guess'",
        ),
    ],
)
@pytest.mark.parametrize("function", [find_label_errors, label_quality_scores])
def test_invalid_input_is_refused_by_name(function, y, proba, options, error, match):
    with pytest.raises(error, match=match) as caught:
        function(y, proba, **options)
    if "inconsistent" not in match and "continuous" not in match:
        assert function.__name__ in str(caught.value)


@pytest.mark.parametrize(
    "options, match",
    [
        ({"method": "consensus"}, "3 dimensions, not 2"),
        ({"proba": PROBA[None]}, "2 dimensions, not 3"),
        ({"share": 1.5}, "share must lie in .*, not 1.5"),
        ({"vote": "consensus"}, "vote must be one of .*, not 'consensus'"),
        ({"agreement": 0.0}, "agreement must lie in .*, not 0.0"),
        ({"threshold": 1.0}, "threshold must lie in .*, not 1.0"),
    ],
)
def test_invalid_options_are_refused(options, match):
    with pytest.raises(ValueError, match=match):
        find_label_errors(GIVEN, **{"proba": PROBA, **options})
