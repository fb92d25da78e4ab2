"""120 light curves of ELAsTiCC through reading, the PHOTFLAG rules, windows and features."""

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline

from skastro.feature_extraction import LightCurveStatistics
from skastro.io import read_observations
from skastro.neural_network import RecurrentClassifier
from skastro.preprocessing import (
    AsinhScale,
    CleanPhotometry,
    DetectionWindow,
    FirstDetection,
    MarkDetections,
    Window,
)
from skastro.utils.ragged import flatten, segment_count

DAYS = 2.0 ** np.arange(11)


@pytest.fixture(scope="module")
def path(real_data):
    return real_data / "lightcurves" / "elasticc_120_unlabelled.parquet"


@pytest.fixture(scope="module")
def raw(path):
    """The file read by pandas alone, one frame per object."""
    return dict(iter(pd.read_parquet(path).groupby(level=0, sort=False)))


@pytest.fixture(scope="module")
def X(path):
    return read_observations(path, survey="LSST")


@pytest.fixture(scope="module")
def cleaned(X):
    return rules().fit_transform(X)


def rules():
    return make_pipeline(
        CleanPhotometry(reject="saturated"),
        MarkDetections(by="photflag"),
        DetectionWindow(),
        FirstDetection(),
    )


def cut(X, days):
    return Window(-np.inf, days, reference_column="first_detection").fit_transform(X)


def by_the_rules(own):
    """The rules of the original code for one object, in pandas."""
    own = own[(own["PHOTFLAG"] & 1024) == 0].sort_values("MJD")
    found = own.loc[(own["PHOTFLAG"] & 4096) != 0, "MJD"]
    before = own[own["MJD"] < found.min()].tail(1)
    during = own[(own["MJD"] >= found.min()) & (own["MJD"] <= found.max())]
    return pd.concat([before, during])


def test_reading_keeps_every_observation(X, raw):
    assert X.index.tolist() == list(raw) and len(X) == 120
    offsets, rows = flatten(X["lightcurve"])
    table = pd.concat(raw.values())
    assert offsets[-1] == len(table)
    assert rows["detected"].sum() == ((table["PHOTFLAG"] & 4096) > 0).sum()
    for name, i, j in zip(X.index, offsets[:-1], offsets[1:]):
        np.testing.assert_array_equal(rows["time"][i:j], raw[name]["MJD"])
        np.testing.assert_array_equal(rows["flux"][i:j], raw[name]["FLUXCAL"])
        np.testing.assert_array_equal(rows["photflag"][i:j], raw[name]["PHOTFLAG"])


def test_the_trigger_of_elasticc_is_the_first_detection(X):
    first = FirstDetection().fit_transform(X)["first_detection"]
    np.testing.assert_array_equal(first, X["trigger_time"])


def test_rules_equal_those_in_pandas(cleaned, raw):
    offsets, rows = flatten(cleaned["lightcurve"])
    for name, i, j in zip(cleaned.index, offsets[:-1], offsets[1:]):
        expected = by_the_rules(raw[name])
        np.testing.assert_array_equal(rows["time"][i:j], expected["MJD"])
        np.testing.assert_array_equal(np.asarray(rows["band"][i:j]), expected["BAND"])
        np.testing.assert_array_equal(rows["flux_err"][i:j], expected["FLUXCALERR"])
    assert not (rows["photflag"] & 1024).any()


def test_windows_at_every_date(cleaned):
    seen = [np.diff(flatten(cut(cleaned, days)["lightcurve"])[0]) for days in DAYS]
    assert (np.diff(seen, axis=0) >= 0).all() and (seen[0] >= 1).all()
    offsets, rows = flatten(cleaned["lightcurve"])
    first = np.repeat(cleaned["first_detection"].to_numpy(), np.diff(offsets))
    for days, lengths in zip(DAYS, seen):
        known = rows["time"] <= first + days
        np.testing.assert_array_equal(lengths, segment_count(offsets, known))


def test_features_at_every_date(cleaned):
    features = make_pipeline(AsinhScale(errors="asinh"), LightCurveStatistics())
    for days in DAYS[::5]:
        rows = features.fit_transform(cut(cleaned, days))
        assert rows.shape[0] == 120 and np.isfinite(rows).any(axis=1).all()


def test_prediction_at_every_date(cleaned):
    needed = cleaned[["first_detection", "lightcurve"]]
    length = np.diff(flatten(needed["lightcurve"])[0])
    y = np.where(length > np.median(length), "long", "short")
    model = RecurrentClassifier(
        max_epochs=1, n_prefixes=1, reference_column="first_detection", random_state=0
    ).fit(needed[:60], y[:60])
    ahead = needed[60:]
    proba = model.predict_proba_at(ahead, DAYS)
    assert proba.shape == (60, 11, 2)
    np.testing.assert_allclose(proba.sum(axis=2), 1, atol=1e-6)
    for i in (0, 4, 10):
        early = model.predict_proba(cut(ahead, DAYS[i]))
        np.testing.assert_allclose(early, proba[:, i], atol=1e-5)
