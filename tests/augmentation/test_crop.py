"""Windows of light curves."""

from functools import partial

import numpy as np
import pytest

from skastro.augmentation import draw_crops
from skastro.datasets import make_light_curves
from skastro.resampling import AugmentSampler
from skastro.utils.ragged import flatten


@pytest.fixture(scope="module")
def X():
    return make_light_curves(12, random_state=0)[0]


def test_crops_are_windows_of_their_light_curve(X):
    found, objects = draw_crops(X, 4, days=60, min_observations=2, random_state=0)
    assert len(found) > len(X) and (np.diff(objects) >= 0).all()
    assert found.index.tolist() == X.index[objects].tolist()
    for i, curve in enumerate(found["lightcurve"]):
        whole = X["lightcurve"].iloc[objects[i]]
        if len(curve) == len(whole):
            continue
        time = curve["time"].to_numpy()
        assert time[-1] - time[0] <= 60 and len(time) >= 2
        inside = whole["time"].between(time[0], time[-1])
        np.testing.assert_array_equal(whole[inside]["flux"], curve["flux"])


def test_the_originals_are_there_once(X):
    found, objects = draw_crops(X, 3, random_state=1)
    first = np.flatnonzero(np.r_[True, np.diff(objects) > 0])
    assert len(first) == len(X)
    expected = flatten(X["lightcurve"])[1]["flux"]
    np.testing.assert_array_equal(flatten(found.iloc[first]["lightcurve"])[1]["flux"], expected)


def test_short_light_curves_and_no_crops_give_the_originals(X):
    for options in ({"days": 1e5}, {"n_crops": 0}, {"min_observations": 10**6}):
        found, objects = draw_crops(X, **options, random_state=0)
        assert objects.tolist() == list(range(len(X)))
        assert found.columns.tolist() == X.columns.tolist()


def test_in_a_sampler(X):
    y = np.arange(len(X)) % 2
    sampler = AugmentSampler(partial(draw_crops, n_crops=2, days=40), random_state=0)
    X_new, y_new = sampler.fit_resample(X, y)
    assert (y_new == y[sampler.sample_indices_]).all() and len(X_new) > len(X)


@pytest.mark.parametrize("options", [{"n_crops": -1}, {"days": 0}, {"min_observations": 0}])
def test_senseless_arguments_are_refused(X, options):
    with pytest.raises(ValueError, match="positive"):
        draw_crops(X, **options)
