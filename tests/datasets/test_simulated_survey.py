"""Simulated surveys: schema, repeatability, noise, flags, physics, and a fair difficulty."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from astropy.cosmology import FlatLambdaCDM
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import f1_score
from sklearn.model_selection import cross_val_predict

from skastro.datasets import HostRedshifts, Variety, get_cadence, make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.utils.ragged import flatten, is_sorted, segment_first

CLASSES = set("SNIa SNIa-91bg SNIax SNII SNIbc SLSN-I KN TDE AGN RRL EB Mdwarf-flare uLens".split())


@pytest.fixture(scope="module")
def survey():
    return make_light_curves(1300, random_state=0, return_truth=True)


def test_schema(survey):
    X, y = survey
    fields = X["lightcurve"].dtype.column_dtypes
    assert list(fields)[:6] == ["time", "band", "flux", "flux_err", "photflag", "detected"]
    assert X.index.name == "object_id" and X.index.is_unique and len(X) == len(y) == 1300
    assert set(y) == CLASSES and pd.Series(y).value_counts().min() == 100
    offsets, rows = flatten(X["lightcurve"])
    assert is_sorted(offsets, rows["time"]) and np.isfinite(rows["flux"]).all()
    assert (rows["flux_err"] > 0).all() and set(rows["band"]) <= set("ugrizY")
    assert not [c for c in make_light_curves(5, random_state=0)[0] if c.startswith("true")]


def test_same_seed_same_survey():
    one, two = (make_light_curves(30, random_state=5) for _ in range(2))
    other = make_light_curves(30, random_state=6)
    assert (one[1] == two[1]).all()
    rows, again = (flatten(X["lightcurve"])[1] for X, _ in (one, two))
    for name, values in rows.items():
        np.testing.assert_array_equal(np.asarray(values), np.asarray(again[name]))
    assert one[0]["ra"].tolist() != other[0]["ra"].tolist()


def test_errors_are_those_of_the_noise(survey):
    _, rows = flatten(survey[0]["lightcurve"])
    clear = (rows["photflag"] & 1024) == 0
    pull = ((rows["flux"] - rows["true_flux"]) / rows["flux_err"])[clear]
    assert abs(np.mean(pull)) < 0.02 and abs(np.std(pull) - 1) < 0.03


def test_flags_follow_from_the_fluxes(survey):
    X, _ = survey
    offsets, rows = flatten(X["lightcurve"])
    clear = (rows["photflag"] & 1024) == 0
    significant = np.abs(rows["flux"]) > 5 * rows["flux_err"]
    assert (rows["detected"] == significant)[clear].mean() > 0.9999
    np.testing.assert_array_equal(rows["detected"], (rows["photflag"] & 4096) > 0)
    first = segment_first(offsets, rows["time"], rows["detected"])
    assert (X["trigger_time"].to_numpy() > first).all()


def test_redshifts_of_hosts(survey):
    X, y = survey
    known = X["redshift"].notna() & X["true_redshift"].gt(0)
    offset = (X["redshift"] - X["true_redshift"])[known] / X["redshift_err"][known]
    assert abs(offset.median()) < 0.3 and 0.5 < offset.abs().median() / 0.6745 < 1.6
    assert 0.02 < X["redshift"][y == "SNIa"].isna().mean() < 0.6
    assert X["redshift"][np.isin(y, ["RRL", "EB", "uLens"])].isna().mean() > 0.5


def test_type_ia_supernovae_are_standard_candles():
    """Hogg 1999, astro-ph/9905116: the brightest rest-frame magnitude of a nearby Ia is -19."""
    X, _ = make_light_curves(
        200, classes=["SNIa"], redshift_range=(0.02, 0.12), random_state=1, return_truth=True
    )
    offsets, rows = flatten(X["lightcurve"])
    z = X["true_redshift"].to_numpy()
    red = np.isin(np.asarray(rows["band"]), ["g", "r"])
    flux = np.where(red, rows["true_flux"], 0)
    peak = np.array([flux[a:b].max() for a, b in zip(offsets, offsets[1:])])
    near = np.array(
        [
            (np.abs(rows["time"][a:b] - t)[red[a:b]] < 4).any()
            for a, b, t in zip(offsets, offsets[1:], X["true_peak_time"])
        ]
    )
    magnitude = 27.5 - 2.5 * np.log10(peak) - 3.2 * X["true_mwebv"].to_numpy()
    absolute = magnitude - FlatLambdaCDM(H0=70, Om0=0.3).distmod(z).value
    assert near.sum() > 50 and -19.7 < np.median(absolute[near]) < -18.6


@pytest.mark.parametrize("survey, bands", [("ZTF", "gri"), ("DES", "griz")])
def test_other_surveys(survey, bands):
    X, _ = make_light_curves(20, survey=survey, classes=["SNIa", "SNII"], random_state=0)
    assert set(X["lightcurve.band"]) <= set(bands)


def test_classes_are_neither_trivial_nor_hopeless(survey):
    X, y = survey
    rows = np.nan_to_num(LightCurveStatistics().fit_transform(X), nan=-999)
    forest = RandomForestClassifier(30, random_state=0, n_jobs=1)
    score = f1_score(y, cross_val_predict(forest, rows, y, cv=3), average="macro")
    assert 0.35 < score < 0.95


def test_shares_of_classes():
    _, y = make_light_curves(40, classes={"SNIa": 3, "SNII": 1}, random_state=0)
    assert pd.Series(y).value_counts().to_dict() == {"SNIa": 30, "SNII": 10}


@pytest.mark.parametrize(
    "bad",
    [
        {"n_objects": 0},
        {"classes": ["SNIz"]},
        {"classes": []},
        {"redshift_range": (0.5, 0.1)},
    ],
)
def test_impossible_wishes_are_refused(bad):
    with pytest.raises(ValueError):
        make_light_curves(**{"n_objects": 5, "random_state": 0} | bad)


def test_unknown_survey():
    with pytest.raises(KeyError, match="unknown survey"):
        make_light_curves(5, survey="HST")


def test_survey_without_cadence_names_those_that_have_one():
    with pytest.raises(ValueError, match="only LSST, DES, ZTF"):
        make_light_curves(5, survey="SDSS")


def test_variety_leaves_the_default_alone_and_is_refused_where_impossible():
    with pytest.raises(ValueError, match="Variety: slope"):
        Variety(slope=(1.0, 0.0))
    with pytest.raises(ValueError, match="Variety: template_visits=1.5"):
        Variety(template_visits=1.5)
    with pytest.raises(ValueError, match="Variety: uniform_redshifts=1.5"):
        Variety(uniform_redshifts=1.5)
    off = Variety((0, 0), (0, 0), 0.0, (1, 1), 0.0, 0.0, 5, False, 0.0, HostRedshifts(), 0.0)
    plain, same = (
        make_light_curves(20, classes=["RRL", "Mdwarf-flare"], random_state=0, variety=v)[0]
        for v in (None, off)
    )
    assert plain["lightcurve.flux"].equals(same["lightcurve.flux"])


def test_variety_changes_colours_outside_the_milky_way():
    def colours(slope):
        one = Variety((slope, slope), (0.0, 0.0), 0.0, (1.0, 1.0), 0.0)
        hosts = HostRedshifts(missing=0.0, outliers=0.0, spectroscopic=1.0)
        X, _ = make_light_curves(
            60,
            classes=["SNIa"],
            variety=one,
            hosts=hosts,
            redshift_range=(0.1, 0.3),
            random_state=0,
        )
        table = LightCurveStatistics().set_output(transform="pandas").fit_transform(X)
        return np.nanmedian(table["max_flux_g"] / table["max_flux_i"])

    assert colours(-2.0) / colours(0.0) == pytest.approx((7546 / 4827) ** 2, rel=0.3)


def test_fields_of_single_visits_have_as_many_visits():
    cadence = get_cadence("LSST")
    lengths, pairs = [], []
    for unpaired in (0.0, 1.0):
        one = replace(cadence, unpaired=unpaired)
        X, _ = make_light_curves(40, classes=["TDE"], cadence=one, random_state=0)
        offsets, rows = flatten(X["lightcurve"])
        lengths.append(np.diff(offsets).mean())
        pairs.append((np.diff(rows["time"]) < 0.1).mean())
    assert lengths[1] == pytest.approx(lengths[0], rel=0.1)
    assert pairs[0] > 0.3
    assert pairs[1] < 0.05


def test_seasons_vary_in_length():
    one = replace(get_cadence("LSST"), season_scatter=0.4)
    X, _ = make_light_curves(60, classes=["RRL"], cadence=one, random_state=0)
    offsets, rows = flatten(X["lightcurve"])
    spans = np.array([np.ptp(rows["time"][a:b]) for a, b in zip(offsets[:-1], offsets[1:])])
    assert spans.min() < 130
    assert 170 < spans.max() < 186


def test_flares_recur_and_templates_reject_eclipses():
    stars = ["Mdwarf-flare", "EB"]
    (plain, y), (varied, z) = (
        make_light_curves(300, classes=stars, variety=v, random_state=0)
        for v in (None, Variety(unpaired=0.0, template_visits=25))
    )

    def table(X):
        return LightCurveStatistics().set_output(transform="pandas").fit_transform(X)

    old, new = table(plain), table(varied)
    nights = [t[c == "Mdwarf-flare"]["n_detections_all"].mean() for t, c in ((old, y), (new, z))]
    assert nights[1] > nights[0]
    above = [(t[c == "EB"]["max_snr_all"]).median() for t, c in ((old, y), (new, z))]
    assert above[1] < above[0]


def test_a_template_of_one_visit_puts_a_variable_star_above_or_below_it():
    shares = []
    for visits in (25, 1):
        one = Variety(template_visits=visits)
        X, _ = make_light_curves(150, classes=["RRL"], variety=one, random_state=0)
        offsets, rows = flatten(X["lightcurve"])
        negative = np.add.reduceat(rows["flux"] < 0, offsets[:-1]) / np.diff(offsets)
        shares.append(((negative < 0.1) | (negative > 0.9)).mean())
    assert shares[0] < 0.05
    assert shares[1] > 0.1


def test_uniform_redshifts_have_more_near_objects():
    medians = []
    for share in (0.0, 1.0):
        one = Variety(uniform_redshifts=share)
        X, _ = make_light_curves(
            150, classes=["AGN"], variety=one, return_truth=True, random_state=0
        )
        medians.append(X["true_redshift"].median())
    assert medians[1] < 0.8 * medians[0]
