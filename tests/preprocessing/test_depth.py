"""Light curves shown at the depth of another survey."""

import numpy as np
import pytest
from astropy.cosmology import FlatLambdaCDM
from nested_pandas import NestedFrame

from skastro.datasets import make_light_curves
from skastro.preprocessing import MatchDepth
from skastro.utils.ragged import flatten, nest


def fluxes(X):
    return flatten(X["lightcurve"])[1]


def test_the_median_error_becomes_that_of_the_training_set():
    X, _ = make_light_curves(30, survey="ZTF", random_state=0)
    X_new = MatchDepth(flux_err=10.0).fit_transform(X)
    assert np.median(fluxes(X_new)["flux_err"]) == pytest.approx(10.0, rel=1e-6)
    old, new = fluxes(X), fluxes(X_new)
    np.testing.assert_allclose(
        new["flux"] / new["flux_err"], old["flux"] / old["flux_err"], rtol=1e-6
    )
    assert new["time"].tolist() == old["time"].tolist()


def test_luminosities_stay_in_the_universe_of_astropy():
    X, _ = make_light_curves(30, classes=["SNIa"], survey="ZTF", random_state=0)
    X["redshift"] = np.linspace(0.01, 0.2, len(X))
    step = MatchDepth(flux_err=10.0).fit(X)
    X_new = step.transform(X)
    distance = FlatLambdaCDM(H0=70, Om0=0.3).luminosity_distance
    before, after = (distance(frame["redshift"]).value ** 2 for frame in (X, X_new))
    np.testing.assert_allclose(step.factor_ * after, before, rtol=3e-4)


def test_back_and_forth():
    X, _ = make_light_curves(20, random_state=0)
    error = np.median(fluxes(X)["flux_err"])
    far = MatchDepth(flux_err=error / 5).fit_transform(X)
    back = MatchDepth(flux_err=error).fit_transform(far)
    np.testing.assert_allclose(fluxes(back)["flux"], fluxes(X)["flux"], rtol=1e-5)
    np.testing.assert_allclose(back["redshift"], X["redshift"], rtol=1e-3)


def test_unknown_redshifts_and_other_columns_stay():
    X, _ = make_light_curves(4, classes=["SNIa"], random_state=0)
    X["redshift"] = [-9.0, np.nan, 0.0, 0.1]
    X_new = MatchDepth(flux_err=1.0).fit_transform(X)
    np.testing.assert_array_equal(X_new["redshift"][:3], [-9.0, np.nan, 0.0])
    assert X_new["redshift"].iloc[3] > 0.1
    others = [c for c in X.columns if c not in ("redshift", "lightcurve")]
    assert X_new[others].equals(X[others])
    unmoved = MatchDepth(flux_err=1.0, redshift_column=None).fit_transform(X)
    np.testing.assert_array_equal(unmoved["redshift"], X["redshift"])


def test_the_factor_is_learned_in_fit_and_holds_for_every_batch():
    X, _ = make_light_curves(20, random_state=0)
    step = MatchDepth(flux_err=5.0).fit(X)
    whole, one = step.transform(X), step.transform(X[7:8])
    start, stop = flatten(X["lightcurve"])[0][7:9]
    assert fluxes(one)["flux"].tolist() == fluxes(whole)["flux"][start:stop].tolist()


def test_without_a_depth_nothing_changes():
    X, _ = make_light_curves(5, random_state=0)
    X_new = MatchDepth().fit_transform(X)
    assert fluxes(X_new)["flux"].tolist() == fluxes(X)["flux"].tolist()
    assert X_new["redshift"].equals(X["redshift"])


def test_no_error_to_learn_from():
    rows = {"flux": [1.0, 2.0], "flux_err": [0.0, np.nan]}
    X = NestedFrame({"redshift": [0.1]}).assign(lightcurve=nest([0, 2], rows))
    with pytest.raises(ValueError, match="MatchDepth: no flux_err of column 'lightcurve'"):
        MatchDepth(flux_err=1.0).fit(X)
