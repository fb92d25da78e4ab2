"""Every status says in words what is wrong with an object."""

import numpy as np
import pytest

from skastro.gaussian_process import Status, predict_grid, sample_posterior

ONE = [0, 1], [0.0], [5e3], [3.0], [1.0], [0.0], [5e3]
SCALES = {"amplitude": 2.0, "time_scale": 20.0, "wavelength_scale": 6e3}


def test_each_status_has_a_reason_of_its_own():
    reasons = [status.reason for status in Status]
    assert reasons[0] == "" and len(set(reasons)) == len(reasons)


@pytest.mark.parametrize("function", [predict_grid, sample_posterior])
@pytest.mark.parametrize("name", list(SCALES))
@pytest.mark.parametrize("value", [0.0, -1.0, np.nan, np.inf])
def test_a_bad_hyperparameter_is_called_so(function, name, value):
    result = function(*ONE, **(SCALES | {name: value}))
    assert result.reasons.tolist() == ["a hyperparameter is not positive and finite"]


@pytest.mark.parametrize("function", [predict_grid, sample_posterior])
def test_a_reference_that_is_not_finite_is_called_so(function):
    result = function(*ONE, **SCALES, reference=[np.nan])
    assert result.reasons.tolist() == ["the reference time is not finite"]
