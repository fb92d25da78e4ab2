"""Bands by table and by rule."""

import numpy as np
import pandas as pd
import pytest

from skastro.surveys import Survey, get_survey, list_surveys, register_survey


@pytest.mark.parametrize(
    "survey, name, band",
    [
        ("LSST", "z", "z"),
        ("LSST", "LSST-z", "z"),
        ("LSST", "lsstY", "Y"),
        ("LSST", "LSST_y", "y"),
        ("DES", "DES-g/g", "g"),
        ("ZTF", "ztfr", "r"),
        ("Roman", "Roman-F", "F"),
        ("SDSS", " u ", "u"),
    ],
)
def test_band_names(survey, name, band):
    assert get_survey(survey).band(name) == band


@pytest.mark.parametrize("name", ["H", "CFA3K-g", "", "LSST-", "zz", "G"])
def test_unknown_band_lists_the_known_ones(name):
    with pytest.raises(KeyError, match="known bands: u, g, r, i, z, Y, y"):
        get_survey("LSST").band(name)


def test_names_that_begin_alike_are_not_mixed_up():
    survey = Survey("K2", {"K2": 1.0, "K": 2.0})
    assert survey.band("K2") == "K2" and survey.band("K2-K") == "K"


def test_wavelength_of_every_row():
    bands = pd.Categorical(["z", "g", "z"], categories=["g", "unused", "z"])
    expected = [get_survey("SDSS").wavelengths[b] for b in "zgz"]
    np.testing.assert_array_equal(get_survey("SDSS").band_wavelengths(bands), expected)


def test_row_without_band_is_an_error():
    with pytest.raises(KeyError, match="no band"):
        get_survey("SDSS").band_wavelengths(pd.Categorical(["g", None]))


def test_no_rows():
    assert len(get_survey("SDSS").band_wavelengths(pd.Categorical([]))) == 0


def test_registering_once_is_enough():
    survey = register_survey(Survey("TestScope", {"q": 5000.0}))
    assert get_survey("testscope") is survey and "TestScope" in list_surveys()
    assert get_survey(survey) is survey


def test_wavelengths_rise_in_every_preset():
    for name in ("LSST", "DES", "SCONE", "SDSS", "PS1", "ZTF", "Roman"):
        wavelengths = list(get_survey(name).wavelengths.values())
        assert wavelengths == sorted(wavelengths)
