"""A simulation matched to unlabelled objects."""

from dataclasses import replace

import numpy as np
import pytest

from skastro.adaptation import match_variety
from skastro.datasets import Variety, make_light_curves


@pytest.mark.slow
@pytest.mark.parametrize("slope", [-2.0, 0.0])
def test_the_slope_of_the_target_is_found(slope):
    target = Variety((slope, slope), (0.3, 0.3), per_wavelength=0.0)
    X, _ = make_light_curves(400, variety=target, random_state=1)
    found = match_variety(X, n_objects=1500, random_state=0)
    assert np.mean(found.slope) == pytest.approx(slope, abs=0.6)
    assert np.ptp(found.slope) == pytest.approx(0.6)


def test_nothing_is_estimated_where_nothing_varies():
    fixed = Variety((0.0, 0.0), (0.0, 0.0), per_wavelength=0.0)
    X, _ = make_light_curves(60, random_state=1)
    assert match_variety(X, variety=fixed, n_objects=300, random_state=0) == fixed


def test_estimates_stay_inside_the_variety():
    start = Variety((-0.5, 0.5), (-0.2, 0.2), per_wavelength=0.0)
    X, _ = make_light_curves(100, variety=replace(start, slope=(-2.5, -2.5)), random_state=1)
    found = match_variety(X, variety=start, n_objects=600, random_state=0)
    assert -0.5 <= found.slope[0] < found.slope[1] <= 0.5
    assert found.hosts == start.hosts


def test_objects_without_redshift_give_no_information():
    X, _ = make_light_curves(20, classes=["RRL"], random_state=0)
    X["redshift"] = np.nan
    with pytest.raises(ValueError, match="only 0 objects of X_target have a redshift"):
        match_variety(X, n_objects=50, random_state=0)
