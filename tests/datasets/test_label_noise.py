import numpy as np
import pandas as pd
import pytest

from skastro.datasets import make_label_noise
from skastro.exceptions import ObjectError

Y = np.array(["Ia"] * 50 + ["II"] * 30 + ["AGN"] * 20)
CLASSES = ["AGN", "II", "Ia"]
MATRIX = [[0.8, 0.0, 0.2], [0.1, 0.9, 0.0], [0.0, 0.0, 1.0]]


@pytest.mark.parametrize("rate, n_wrong", [(0.0, 0), (0.1, 10), (0.125, 12), (0.5, 50)])
@pytest.mark.parametrize("kind", ["random", "score"])
def test_exact_number_of_wrong_labels(rate, n_wrong, kind):
    scores = np.full((100, 3), 1 / 3) if kind == "score" else None
    noisy, wrong = make_label_noise(Y, rate=rate, kind=kind, scores=scores, random_state=0)
    assert wrong.sum() == n_wrong
    np.testing.assert_array_equal(noisy != Y, wrong)
    assert set(noisy) <= set(Y)


def test_random_errors_hit_all_classes_and_all_others():
    y = np.repeat(Y, 100)
    noisy, wrong = make_label_noise(y, rate=0.3, random_state=1)
    for label in CLASSES:
        own = y == label
        assert wrong[own].mean() == pytest.approx(0.3, abs=0.03)
        others = pd.Series(noisy[own & wrong]).value_counts(normalize=True)
        assert others.to_numpy() == pytest.approx([0.5, 0.5], abs=0.05)


@pytest.mark.parametrize("matrix", [MATRIX, np.array(MATRIX), pd.DataFrame(MATRIX)])
def test_transition_gives_exact_counts(matrix):
    noisy, wrong = make_label_noise(Y, kind="class", transition=matrix, random_state=0)
    np.testing.assert_array_equal(wrong, noisy != Y)
    counts = pd.crosstab(Y, noisy).reindex(index=CLASSES, columns=CLASSES).to_numpy()
    assert counts.tolist() == [[16, 0, 4], [3, 27, 0], [0, 0, 50]]


def test_objects_of_a_class_are_drawn_anew():
    y = np.repeat(["Ia", "II"], 500)
    drawn = [
        make_label_noise(y, kind="class", transition={"Ia": 0.2}, random_state=seed)[1][:500]
        for seed in range(2)
    ]
    assert (drawn[0] != drawn[1]).any()
    assert drawn[0][250:].sum() == pytest.approx(50, abs=20)


def test_rates_by_class_spread_over_the_others():
    noisy, _ = make_label_noise(Y, kind="class", transition={"II": 0.1, "Ia": 0.18}, random_state=0)
    counts = pd.crosstab(Y, noisy).reindex(index=CLASSES, columns=CLASSES).to_numpy()
    assert counts[0].tolist() == [20, 0, 0]
    assert counts[1, 1] == 27
    assert sorted(counts[1, [0, 2]]) == [1, 2]
    assert counts[2].tolist() == [5, 4, 41] or counts[2].tolist() == [4, 5, 41]


def test_errors_by_score_lie_at_the_boundary_or_beyond():
    scores = np.linspace(0, 1, 20001)
    y = (scores > 0.5).astype(int)
    y[:2000] = 1
    noisy, wrong = make_label_noise(y, rate=0.1, kind="score", scores=scores, random_state=0)
    own = np.where(y == 1, scores, 1 - scores)
    margin = 2 * own - 1
    bins = pd.cut(margin, [-1, 0, 0.25, 0.5, 0.75, 1], include_lowest=True)
    shares = pd.Series(wrong).groupby(bins, observed=False).mean().to_numpy()
    weights = np.array([1, 0.875, 0.625, 0.375, 0.125])
    assert shares / shares[0] == pytest.approx(weights, abs=0.12)
    assert (np.diff(shares) < 0).all()
    assert (noisy[wrong] == 1 - y[wrong]).all()


def test_errors_by_score_take_the_best_other_class():
    scores = np.tile([0.2, 0.3, 0.5], (100, 1))
    noisy, wrong = make_label_noise(Y, rate=0.9, kind="score", scores=scores, random_state=0)
    expected = {"Ia": "II", "II": "Ia", "AGN": "Ia"}
    assert [expected[label] for label in Y[wrong]] == noisy[wrong].tolist()


@pytest.mark.parametrize("kind", [np.int64, np.uint8, np.float32, object, str, bool])
def test_labels_keep_their_type(kind):
    y = (Y == "Ia").astype(int).astype(kind)
    noisy, wrong = make_label_noise(y, rate=0.2, random_state=0)
    assert noisy.dtype == y.dtype
    np.testing.assert_array_equal(noisy != y, wrong)
    assert wrong.sum() == 20


def test_input_is_left_alone_and_the_seed_decides():
    y = Y.copy()
    first, _ = make_label_noise(y, random_state=0)
    again, _ = make_label_noise(pd.Series(y), random_state=0)
    other, _ = make_label_noise(y.tolist(), random_state=1)
    assert (y == Y).all()
    assert (first == again).all()
    assert (first != other).any()


@pytest.mark.parametrize("kind", [int, object])
def test_unlabelled_objects_stay_so(kind):
    y = np.array([0, 1] * 40 + [-1] * 20).astype(kind)
    scores = np.where(y == -1, np.nan, 0.5).astype(float)
    for options in ({}, {"kind": "score", "scores": scores}):
        noisy, wrong = make_label_noise(y, rate=0.25, random_state=0, **options)
        assert wrong.sum() == 20
        assert (noisy[80:] == -1).all()


def test_unlabelled_objects_among_text_stay_so():
    noisy, wrong = make_label_noise(["Ia", "II", -1, -1] * 5, rate=0.5, random_state=0)
    assert wrong.sum() == 5
    assert (noisy[~wrong] == np.array(["Ia", "II", -1, -1] * 5)[~wrong]).all()
    assert (noisy == "-1").sum() == 10


def test_a_class_without_objects_may_be_suggested_and_is_not_cut():
    noisy, wrong = make_label_noise(
        ["Ia", "II"] * 50, rate=0.5, classes=["II", "Ia", "kilonova"], random_state=0
    )
    assert wrong.sum() == 50
    assert set(noisy) == {"II", "Ia", "kilonova"}


@pytest.mark.parametrize(
    "options, error, match",
    [
        ({"kind": "guess"}, ValueError, "kind is 'guess'"),
        ({"rate": 1.0}, ValueError, "rate is 1.0"),
        ({"rate": -0.1}, ValueError, "rate is -0.1"),
        ({"kind": "class"}, ValueError, "transition belongs"),
        ({"kind": "score"}, ValueError, "scores"),
        ({"transition": {}}, ValueError, "transition belongs"),
        ({"scores": [0.5] * 100}, ValueError, "scores"),
        ({"kind": "class", "transition": {"Iax": 0.1}}, ValueError, "Iax"),
        ({"kind": "class", "transition": {"Ia": 1.1}}, ValueError, r"in \[0, 1\]"),
        ({"kind": "class", "transition": np.eye(2)}, ValueError, r"\(3, 3\)"),
        ({"kind": "class", "transition": np.ones((3, 3))}, ValueError, "sum to one"),
        ({"kind": "score", "scores": [0.5] * 100}, ValueError, "shape"),
        (
            {"kind": "score", "scores": np.full((100, 3), np.nan)},
            ObjectError,
            "outside .* and 95 more",
        ),
        (
            {"kind": "score", "scores": np.eye(3)[[2] * 50 + [1] * 30 + [0] * 20]},
            ValueError,
            "only 0 objects",
        ),
        ({"classes": ["Ia", "II"]}, ValueError, "'AGN', which are not in classes"),
        ({"classes": ["Ia", "Ia"]}, ValueError, "two different classes"),
        ({"y": ["Ia", "Ia"]}, ValueError, "two different classes"),
    ],
)
def test_invalid_parameters(options, error, match):
    with pytest.raises(error, match=f"make_label_noise.*{match}"):
        make_label_noise(**{"y": Y, **options})
