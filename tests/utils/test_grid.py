"""Regular grids as parameters."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone

from skastro.preprocessing import Rebin
from skastro.utils.grid import Grid


def test_values_are_those_of_numpy():
    np.testing.assert_array_equal(Grid(-30, 150, 180), np.linspace(-30, 150, 180))
    np.testing.assert_array_equal(Grid(3700, 8800, 9, "log"), np.geomspace(3700, 8800, 9))
    assert list(Grid(0, 1, 3)) == [0.0, 0.5, 1.0] and len(Grid(0, 1, 3)) == 3
    assert Grid(0, 1, 3)[-1] == 1
    assert np.asarray(Grid(0, 1, 2), np.float32).dtype == np.float32


def test_a_grid_is_a_parameter():
    step = clone(Rebin(Grid(4000.0, 9000.0, 50)))
    assert step.wavelengths == Grid(4000.0, 9000.0, 50)
    assert (
        repr(step) == "Rebin(wavelengths=Grid(start=4000.0, stop=9000.0, n=50, spacing='linear'))"
    )
    assert pickle.loads(pickle.dumps(step)).wavelengths == step.wavelengths


def test_senseless_grids_are_refused():
    for values in ((0, 1, 0), (0, 1, 3, "cubic")):
        with pytest.raises(ValueError, match="spacing must be"):
            Grid(*values)
