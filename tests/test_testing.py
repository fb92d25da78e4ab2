"""The check suite can fail: each check is broken by at least one mutant and not by the healthy."""

import warnings

import numpy as np
import pandas as pd
import pytest
from mutants import HEALTHY, MUTANTS, Classifier, Dense, LosesIndex, Narrows, Nested

from skastro.testing import (
    check_light_curve_estimator,
    light_curve_checks,
    make_check_data,
    parametrize_with_checks,
)
from skastro.testing._outputs import assert_same
from skastro.utils.ragged import flatten, is_sorted, keep_rows, nest

CHECKS = {check.__name__: check for check in light_curve_checks()}


@parametrize_with_checks(HEALTHY)
def test_healthy_estimators_pass(estimator, check):
    check(estimator)


def test_every_check_has_a_mutant():
    assert set(MUTANTS) == set(CHECKS)
    assert all(MUTANTS.values())


@pytest.mark.parametrize(
    "name, mutant",
    [
        pytest.param(name, mutant, id=f"{name}-{type(mutant).__name__}")
        for name, mutants in MUTANTS.items()
        for mutant in mutants
    ],
)
def test_every_check_can_fail(name, mutant):
    with warnings.catch_warnings(), pytest.raises(Exception):  # noqa: B017
        warnings.simplefilter("ignore")
        CHECKS[name](mutant, make_check_data)


@pytest.mark.slow
def test_all_failures_are_reported_together():
    with pytest.raises(AssertionError) as error:
        check_light_curve_estimator(LosesIndex())
    message = str(error.value)
    assert message.startswith("LosesIndex fails\n")
    assert "check_index_kept" in message and ": AssertionError: transform: index" in message
    assert "check_set_output" in message
    assert "check_row_order" in message or "check_slice_invariance" in message


@pytest.mark.slow
def test_expected_failures_are_allowed_but_must_fail():
    reasons = {"check_float_width": "always float32"}
    assert "check_float_width" not in check_light_curve_estimator(
        Narrows(), expected_failed_checks=reasons
    )
    with pytest.raises(AssertionError, match="check_float_width: passes, expected to fail: always"):
        check_light_curve_estimator(Nested(), expected_failed_checks=reasons)


def test_pytest_cases_are_unique_and_marked():
    mark = parametrize_with_checks(
        [Nested(), Classifier()],
        expected_failed_checks=lambda e: {"check_pickle": "no"} if isinstance(e, Nested) else {},
    )
    cases = mark.args[1]
    ids = [case.id for case in cases]
    assert len(set(ids)) == len(ids)
    assert {"Nested-check_pickle", "Classifier-check_classes"} <= set(ids)
    assert "Nested-check_classes" not in ids and "Classifier-check_set_output" not in ids
    marked = [case for case in cases if case.marks]
    assert [case.id for case in marked] == ["Nested-check_pickle"]
    assert marked[0].marks[0].kwargs == {"reason": "no", "strict": True}


@pytest.mark.slow
def test_other_data():
    def spectra():
        X, y = make_check_data()
        return X.rename(columns={"lightcurve": "alert", "redshift_err": "error"}), y

    passed = check_light_curve_estimator(Dense(column="alert"), data=spectra)
    assert {"check_missing_nested_column", "check_cross_validation"} <= set(passed)
    with pytest.raises(AssertionError, match="requires a nested column 'lightcurve'"):
        check_light_curve_estimator(Dense(), data=spectra)


def test_data_are_the_same_each_time_and_follow_the_schema():
    (X, y), (again, _) = make_check_data(), make_check_data()
    assert_same(again, X)
    assert np.unique(y, return_counts=True)[1].tolist() == [5, 5, 5]
    offsets, rows = flatten(X["lightcurve"])
    kinds = {name: values.dtype.kind for name, values in rows.items() if name != "band"}
    assert kinds == {"time": "f", "flux": "f", "flux_err": "f", "detected": "b", "photflag": "i"}
    assert rows["flux"].dtype == rows["flux_err"].dtype == np.float32
    assert is_sorted(offsets, rows["time"])
    assert len(np.unique(rows["time"])) == len(rows["time"])
    assert set(rows["band"]) == set("ugrizY")
    assert ((rows["photflag"] & 4096 > 0) == rows["detected"]).all()
    detected_offsets, detected = keep_rows(offsets, rows, rows["detected"])
    assert (np.diff(detected_offsets) >= 3).all()
    np.testing.assert_array_equal(detected["time"][detected_offsets[:-1]], X["trigger_time"])
    assert np.isfinite(X.drop(columns="lightcurve").to_numpy()).all()


FRAME = make_check_data(3)[0]


def changed(**fields):
    offsets, rows = flatten(FRAME["lightcurve"])
    return FRAME.assign(lightcurve=nest(offsets, {**rows, **fields}, FRAME.index))


FLUX = flatten(FRAME["lightcurve"])[1]["flux"]


@pytest.mark.parametrize(
    "other, match",
    [
        (FRAME.iloc[::-1], "index"),
        (FRAME[FRAME.columns[::-1]], "columns"),
        (FRAME.assign(mwebv=FRAME["mwebv"] * (1 + 1e-6)), "column 'mwebv'"),
        (FRAME.assign(mwebv=np.nan), "column 'mwebv'"),
        (FRAME.assign(mwebv=FRAME["mwebv"].astype(np.float32)), "dtype float32 is not float64"),
        (FRAME.assign(lightcurve=FRAME["lightcurve"].array[::-1]), "objects of"),
        (FRAME.assign(lightcurve=1.0), "not nested any more"),
        (changed(flux=FLUX * np.float32(1 + 1e-4)), "field 'flux'"),
        (changed(flux=np.where(np.arange(len(FLUX)) == 7, np.nan, FLUX)), "field 'flux'"),
        (changed(flux=FLUX.astype(float)), "dtype float64 is not float32"),
        (changed(band=pd.Categorical(["g"] * len(FLUX))), "field 'band'"),
        (changed(new=FLUX), "fields"),
        (FRAME.to_numpy(), "instead of a frame"),
    ],
)
def test_every_difference_of_frames_is_found(other, match):
    with pytest.raises(AssertionError, match=match):
        assert_same(other, FRAME)


@pytest.mark.parametrize(
    "other",
    [
        np.array([[1.0, 2.0], [3.0, 4.001]]),
        np.array([[1.0, 2.0], [3.0, np.nan]]),
        np.array([[1.0, 2.0], [3.0, np.inf]]),
        np.array([[1.0, 2.0]]),
        np.array([[1, 2], [3, 4]]),
    ],
)
def test_every_difference_of_arrays_is_found(other):
    with pytest.raises(AssertionError):
        assert_same(other, np.array([[1.0, 2.0], [3.0, 4.0]]))


def test_rounding_is_not_a_difference():
    assert_same(changed(flux=FLUX * np.float32(1 + 1e-7)), FRAME)
    assert_same(np.array([1.0 + 1e-7, np.nan, np.inf]), np.array([1.0, np.nan, np.inf]))
