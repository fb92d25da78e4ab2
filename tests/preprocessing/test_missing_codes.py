"""Missing-value sentinels: which columns, which numbers, and what is not changed."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from skastro.io import read_snana
from skastro.preprocessing import ReplaceMissing
from skastro.utils.missing import missing_codes

X = pd.DataFrame(
    {
        "HOSTGAL_PHOTOZ": np.array([0.4, -9.0, -8.999, -99.0], np.float32),
        "HOSTGAL_MAGERR_u": [0.1, 999.0, 998.9, np.nan],
        "HOSTGAL_LOGMASS": [-9.0, 10.5, -9999.0, -999.0],
        "dec": [-9.0, -99.0, -999.0, 999.0],
        "HOSTGAL_RA": [-9.0, 0.0, 359.0, -9999.0],
        "HOSTGAL_OBJID": np.array([2**60 + 1, -9, 999, -99]),
        "good": [True, False, True, True],
        "note": ["-9", "", "999", "x"],
    },
    index=list("abcd"),
)
nan = np.nan


@pytest.mark.parametrize(
    "name, expected",
    [
        ("HOSTGAL_PHOTOZ", [0.4, nan, -8.999, nan]),
        ("HOSTGAL_MAGERR_u", [0.1, nan, 998.9, nan]),
        ("HOSTGAL_LOGMASS", [nan, 10.5, nan, nan]),
        ("dec", [-9.0, -99.0, nan, nan]),
        ("HOSTGAL_RA", [-9.0, 0.0, 359.0, nan]),
    ],
)
def test_each_column_by_its_own_codes(name, expected):
    found = ReplaceMissing().fit_transform(X)[name]
    np.testing.assert_array_equal(found, np.array(expected, X[name].dtype))
    assert found.dtype == X[name].dtype


def test_whole_numbers_stay_exact():
    found = ReplaceMissing().fit_transform(X)["HOSTGAL_OBJID"]
    assert found.dtype == "Int64" and found.isna().tolist() == [False, True, False, True]
    assert found["a"] == 2**60 + 1 and found["c"] == 999
    clean = ReplaceMissing().fit(X).transform(X.iloc[:1])["HOSTGAL_OBJID"]
    assert clean.dtype == "Int64" and clean.tolist() == [2**60 + 1]


def test_text_and_flags_are_left_alone_and_so_is_the_input():
    before = X.copy()
    found = ReplaceMissing().fit_transform(X)
    pd.testing.assert_frame_equal(found[["good", "note"]], X[["good", "note"]])
    pd.testing.assert_frame_equal(X, before)
    assert found.columns.tolist() == X.columns.tolist()


def test_only_the_columns_requested():
    found = ReplaceMissing(["HOSTGAL_LOGMASS"]).fit_transform(X)
    pd.testing.assert_frame_equal(
        found.drop(columns="HOSTGAL_LOGMASS"), X.drop(columns="HOSTGAL_LOGMASS")
    )
    assert found["HOSTGAL_LOGMASS"].isna().tolist() == [True, False, True, True]


def test_a_declination_is_missing_only_if_requested():
    asked = ReplaceMissing({"dec": [-9], "HOSTGAL_MAGERR_u": [0.1]}).fit(X)
    assert asked.missing_ == {"dec": (-9,), "HOSTGAL_MAGERR_u": (0.1,)}
    assert asked.transform(X)["dec"].isna().tolist() == [True, False, False, False]
    assert asked.transform(X)["HOSTGAL_MAGERR_u"].isna().tolist() == [True, False, False, True]
    assert ReplaceMissing(["dec"], missing=[-99]).fit_transform(X)["dec"].isna().sum() == 1


def test_columns_of_fit_must_stay_numbers_and_others_may_come_and_go():
    step = ReplaceMissing().fit(X)
    assert "dec" not in step.transform(X.drop(columns="dec"))
    assert step.transform(X.assign(new=-9.0))["new"].isna().all()
    with pytest.raises(ValueError, match="ReplaceMissing: column 'dec' is not numeric"):
        step.transform(X.assign(dec="south"))


@pytest.mark.parametrize("columns, named", [(["note"], "'note'"), (["nothing"], "'nothing'")])
def test_impossible_columns_are_named(columns, named):
    with pytest.raises(ValueError, match=f"ReplaceMissing.*{named}"):
        ReplaceMissing(columns).fit(X)


def test_names_of_coordinates():
    angles = ["RA", "dec", "SIM_DEC", "HOSTGAL2_RA", "DECL", "GLAT"]
    assert {missing_codes(name) for name in angles} == {(-999, -9999, 999)}
    assert {missing_codes(name) for name in ["DECAY", "EXTRA", "RA_ERR", "redshift"]} == {
        (-9, -99, -999, -9999, 999)
    }


def test_elasticc_headers(real_data):
    table = pd.read_parquet(real_data / "lightcurves" / "elasticc_10_header.parquet")
    found = ReplaceMissing().fit_transform(table)
    numbers = found.select_dtypes("number").to_numpy(float, na_value=nan)
    assert not np.isin(numbers, [-9, -99, -999, -9999, 999]).any()
    assert found["HOSTGAL_LOGSFR"].isna().all() and found["MWEBV"].notna().all()


def test_the_reader_has_the_same_codes(real_data):
    head = real_data / "survey_bench"
    own = ["HOSTGAL_PHOTOZ", "HOSTGAL_SPECZ"]
    hosts = read_snana(head, survey="LSST", columns=own)
    raw = fits.getdata(head / "LSST_TRAIN-0001_HEAD.FITS.gz")["HOSTGAL_SPECZ"]
    assert hosts["HOSTGAL_SPECZ"].isna().sum() == (raw < 0).sum() > 0
    names = [*own, "ra", "dec", "redshift"]
    pd.testing.assert_frame_equal(ReplaceMissing().fit_transform(hosts)[names], hosts[names])
