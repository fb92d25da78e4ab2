"""One rule for unlabelled objects."""

import numpy as np
import pandas as pd
import pytest

from skastro.utils.labels import is_unlabelled


@pytest.mark.parametrize(
    "labels, expected",
    [
        ([0, 1, -1], [2]),
        (np.array([0.0, 1.0, -1.0]), [2]),
        (["Ia", "II", -1], [2]),
        (np.array(["Ia", "-1"]), [1]),
        (np.array(["0", "1", "-1"]), [2]),
        (pd.Series(["Ia", "-1"], dtype="string"), [1]),
        (pd.Series(pd.Categorical(["Ia", "-1"])), [1]),
        ([1, -1], []),
        ([-1, -2, 3], []),
        (np.array([True, False]), []),
        ([], []),
    ],
)
def test_minus_one_is_unlabelled_unless_it_is_a_class(labels, expected):
    assert np.flatnonzero(is_unlabelled(labels)).tolist() == expected
