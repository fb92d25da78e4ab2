"""Errors and reasons name the option of the recipe that the user wrote, not only the inner step."""

import numpy as np
import pytest

from skastro.datasets import make_light_curves, make_stamps
from skastro.exceptions import ObjectError, ObjectWarning
from skastro.recipes import (
    make_oracle,
    make_oracle_features,
    make_realbogus,
    make_realbogus_features,
    make_scone_features,
    make_transformer_features,
)
from skastro.resampling import DropUnusable
from skastro.utils.ragged import flatten, nest

SMALL = {"n_times": 12, "n_wavelengths": 4}


def without_flags(X):
    offsets, rows = flatten(X["lightcurve"])
    rows.pop("photflag")
    return X.assign(lightcurve=nest(offsets, rows, X.index))


@pytest.fixture(scope="module")
def light_curves():
    return make_light_curves(20, classes=["SNIa", "SNII"], random_state=0)


def undetected(X):
    offsets, rows = flatten(X["lightcurve"])
    rows["detected"] = np.zeros(len(rows["time"]), bool)
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def test_dust_is_named_where_the_extinction_is_unknown(light_curves):
    X, y = light_curves
    marked = make_scone_features(**SMALL)[:-1].fit_transform(X.assign(mwebv=np.nan))
    (reason,) = set(marked["quality"])
    assert reason.startswith("no mwebv; make_scone(dust=None), or skastro fit scone --dust null")
    with pytest.raises(ObjectError, match="marks every object.*make_scone.dust=None"):
        DropUnusable().fit_resample(marked, y)
    without = X[[name for name in X.columns if name != "mwebv"]]
    with pytest.raises(ValueError, match="'mwebv'.*make_scone.dust=None., .*does not require it"):
        make_scone_features(**SMALL).fit(without)
    rows = make_scone_features(dust=None, **SMALL).fit_transform(without)
    assert np.isfinite(rows).all()


def test_days_is_named_where_an_object_never_triggered(light_curves):
    X, _ = light_curves
    steps = make_scone_features(days=5, **SMALL)[:-1]
    with pytest.warns(ObjectWarning, match="never triggered; not required with days=None"):
        marked = steps.fit_transform(undetected(X))
    reason = "no trigger_time (never triggered; not required with days=None of make_scone)"
    assert set(marked["quality"]) == {reason}


@pytest.mark.parametrize("make", [make_oracle_features, make_transformer_features])
def test_reject_is_named_where_the_survey_has_no_such_flag(make, light_curves):
    X, _ = light_curves
    with pytest.raises(ValueError, match="reject='bogus': survey LSST defines no PHOTFLAG bit"):
        make(reject="bogus").fit(X)
    with pytest.raises(ValueError, match="'photflag'.*reject='auto' or None does not require it"):
        make(reject="saturated").fit(without_flags(X))


@pytest.mark.parametrize("size", [0, 2.5, "29", (21, 21)], ids=str)
@pytest.mark.parametrize("make", [make_realbogus, make_realbogus_features])
def test_stamp_size_is_named(make, size):
    with pytest.raises(
        ValueError, match="make_realbogus: stamp_size=.* must be None or a positive"
    ):
        make(stamp_size=size)


def test_stamps_of_another_shape_are_refused_by_shape():
    X, _, _ = make_stamps(4, random_state=0)
    with pytest.raises(ValueError, match="image_shape must be .height, width, channels."):
        make_realbogus_features(image_shape=(31, 31, 3), stamp_size=21).fit(X)


def test_oracle_of_ztf_classifies_with_its_defaults():
    X, y = make_light_curves(40, survey="ZTF", classes=["SNIa", "RRL"], random_state=0)
    model = make_oracle(survey="ZTF", max_epochs=1, random_state=0).fit(X, y)
    proba = model.predict_proba(X)
    np.testing.assert_allclose(proba.sum(axis=1), 1.0, rtol=1e-5)
    assert model.classes_.tolist() == ["RRL", "SNIa"] and set(model.predict(X)) <= {"RRL", "SNIa"}
