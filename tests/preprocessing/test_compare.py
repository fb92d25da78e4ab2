"""One warning sums up how new light curves differ from those of the training set."""

import warnings

import numpy as np
import pytest

from skastro.datasets import make_light_curves
from skastro.exceptions import DataShiftWarning
from skastro.preprocessing import CompareWithTraining
from skastro.utils.ragged import flatten, keep_rows, nest


@pytest.fixture(scope="module")
def X():
    return make_light_curves(200, classes=["SNIa", "SNII"], random_state=0)[0]


@pytest.fixture(scope="module")
def compare(X):
    return CompareWithTraining(reference_column="peak_time", survey="LSST").fit(X)


def with_rows(X, change):
    offsets, rows = flatten(X["lightcurve"])
    return X.assign(lightcurve=nest(offsets, change(dict(rows)), X.index))


def warned(compare, X):
    with pytest.warns(DataShiftWarning) as caught:
        compare.transform(X)
    assert len(caught) == 1
    return str(caught[0].message)


def test_objects_of_the_same_survey_cause_no_warning(compare, X):
    other, _ = make_light_curves(100, classes=["SNIa", "SNII"], random_state=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert compare.transform(X).equals(X)
        compare.transform(other)
        compare.transform(other.iloc[:1])


def test_another_flux_scale(compare, X):
    scale = 10 ** (0.4 * (31.4 - 27.5))
    other = with_rows(X, lambda r: r | {k: r[k] * scale for k in ("flux", "flux_err")})
    message = warned(compare, other)
    assert "median flux error" in message and "redshift" not in message


def test_other_zero_dates(compare, X):
    message = warned(compare, X.assign(peak_time=X["peak_time"] - 400))
    assert "days from peak_time to the first detection" in message and "flux" not in message


def test_redshifts_beyond_the_training_set_and_missing_ones(compare, X):
    message = warned(compare, X.assign(redshift=np.linspace(3, 4, len(X))))
    assert "redshift 3 to 4, in training" in message and "(100% outside)" in message
    full = CompareWithTraining().fit(X.assign(redshift=0.3))
    message = warned(full, X.assign(redshift=np.nan))
    assert "redshift is missing for 100% of the objects, in training 0%" in message


def test_another_cadence(compare, X):
    offsets, rows = flatten(X["lightcurve"])
    sparse = X.assign(
        lightcurve=nest(*keep_rows(offsets, rows, np.arange(offsets[-1]) % 25 == 0), X.index)
    )
    assert "days between observations" in warned(compare, sparse)


def test_new_bands_and_spellings_of_known_ones(compare, X):
    def renamed(names):
        return with_rows(X, lambda r: r | {"band": [names.get(b, b) for b in r["band"]]})

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        compare.transform(renamed({"g": "LSST-g"}))
    message = warned(compare, renamed({"g": "ATLAS-o"}))
    assert "bands ['ATLAS-o'] did not occur in training" in message
    assert "bands ['g'], usual in training, are rare or missing" in message


@pytest.mark.parametrize(
    "bad", [{"max_share": 1.5}, {"survey": 3}, {"reference_column": 1}, {"redshift_column": None}]
)
def test_bad_parameters_are_named(X, bad):
    (name,) = bad
    with pytest.raises(ValueError, match=f"{name}.*CompareWithTraining"):
        CompareWithTraining(**bad).fit(X)
