"""What is held out for validation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.model_selection import PredefinedSplit

from skastro.neural_network._split import holdout, stratified_holdout


@given(
    codes=st.lists(st.integers(0, 4), min_size=1, max_size=60),
    fraction=st.floats(0.01, 0.9),
    seed=st.integers(0, 99),
)
def test_every_class_keeps_an_object_and_gives_its_share(codes, fraction, seed):
    codes = np.array(codes)
    held = stratified_holdout(codes, fraction, np.random.RandomState(seed))
    for code in np.unique(codes):
        n, n_held = (codes == code).sum(), (held & (codes == code)).sum()
        assert n_held == (0 if n == 1 else min(max(1, round(fraction * n)), n - 1))


def test_objects_are_drawn_at_random_and_repeatably():
    codes = np.zeros(1000, int)
    a = stratified_holdout(codes, 0.3, np.random.RandomState(0))
    np.testing.assert_array_equal(a, stratified_holdout(codes, 0.3, np.random.RandomState(0)))
    assert (a != stratified_holdout(codes, 0.3, np.random.RandomState(1))).mean() > 0.3
    assert 100 < a[:500].sum() < 200


def test_whole_groups_are_held_back():
    rng = np.random.RandomState(0)
    groups = rng.randint(0, 30, 200)
    codes = rng.randint(0, 2, 200)
    held = holdout(0.2, codes, groups, rng)
    assert not set(groups[held]) & set(groups[~held])
    assert 0.1 < held.mean() < 0.3


@pytest.mark.parametrize("validation", [None, 0, 0.0])
def test_no_validation(validation):
    assert not holdout(validation, np.array([0, 1]), None, None).any()


def test_a_splitter_that_leaves_nothing_is_refused():
    with pytest.raises(ValueError, match="none to train on"):
        holdout(PredefinedSplit([0, 0, 0]), np.array([0, 1, 1]), None, None)
