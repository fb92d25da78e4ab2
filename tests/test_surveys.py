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
        ("LSST", "LSST_y", "Y"),
        ("LSST", "y", "Y"),
        ("LSST", "lsst::g", "g"),
        ("PS1", "ps1::g", "g"),
        ("Foundation", "PS1-g/g", "g"),
        ("ZTF", "zg", "g"),
        ("CSP", "CSP-o/v", "o"),
        ("CfA3", "CFA3K-B/q", "CFA3K-B"),
        ("CfA4", "CFA4P2-r/W", "CFA42-r"),
        ("LOWZ", "CSP-m/w", "CSP-m"),
        ("DES-SN5YR", "DES-z", "z"),
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
    with pytest.raises(KeyError, match="known bands: u, g, r, i, z, Y"):
        get_survey("LSST").band(name)


def test_names_that_start_alike_are_not_mixed_up():
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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"wavelengths": {}}, "at least one band"),
        ({"name": ""}, "give it a name"),
        ({"wavelengths": {"q": -3}}, "wavelength of band 'q' is -3, not a positive number"),
        ({"wavelengths": {"q": "r"}}, "wavelength of band 'q' is 'r'"),
        ({"photflag": {"detection": 0.5}}, "PHOTFLAG bits 'detection' is 0.5"),
        ({"aliases": {"Q": "z"}}, "alias 'Q' is 'z', not a band of it: q"),
    ],
)
def test_a_survey_that_is_invalid_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Survey(**({"name": "TestScope", "wavelengths": {"q": 5000.0}} | arguments))


def test_only_surveys_are_registered():
    with pytest.raises(TypeError, match="requires a Survey, not 'LSST'"):
        register_survey("LSST")


def test_canonical_bands_of_every_row():
    bands = pd.Categorical.from_codes([0, 1, 2, -1, 0], ["ztfr", "ZTF_g", "o"])
    canonical = get_survey("ZTF").canonical_bands(bands)
    assert canonical.tolist() == ["r", "g", "unknown", "unknown", "r"]
    assert canonical.categories.tolist() == ["g", "r", "i", "unknown"]
    assert get_survey("LSST").canonical_bands(["y", "LSST-Y"]).tolist() == ["Y", "Y"]
    assert len(get_survey("LSST").canonical_bands([])) == 0


def test_low_redshift_sample_of_des():
    survey = get_survey("DES-SN5YR")
    assert len(survey.wavelengths) == 44
    # Mean wavelengths of JLA (Betoule et al. 2014) and of the CSP transmissions.
    assert survey.wavelength("CSP-B/u") == 4405.6 and survey.wavelength("CFA3S-R/d") == 6558.3
    assert survey.wavelength("CFA3K-U/f") == 3562.2 and survey.wavelength("PS1-z") == 8679.47
    assert survey.wavelength("z") == 9181.0
    assert survey.photflag["reject"] == 1016


@pytest.mark.parametrize("name", list_surveys())
def test_every_band_finds_itself(name):
    survey = get_survey(name)
    for band in survey.wavelengths:
        for spelling in (band, f"{survey.name}-{band}", f"{survey.name.lower()}_{band}/x"):
            assert survey.band(spelling) == band


def test_wavelengths_rise_in_every_preset():
    for name in list_surveys():
        wavelengths = list(get_survey(name).wavelengths.values())
        assert wavelengths == sorted(wavelengths)
