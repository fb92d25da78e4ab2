"""Cross-correlation with templates: known redshifts and types, by a plain implementation too."""

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.datasets import make_spectra
from skastro.exceptions import ObjectError
from skastro.feature_extraction import TemplateMatch
from skastro.utils.ragged import flatten, keep_rows, nest


def shifted(X, redshift):
    """Return rest-frame spectra as seen at other redshifts."""
    offsets, rows = flatten(X["spectrum"])
    stretch = np.repeat(1 + redshift, np.diff(offsets))
    rows = {**rows, "wavelength": rows["wavelength"] * stretch}
    return X.assign(spectrum=nest(offsets, rows, X.index))


@pytest.fixture(scope="module")
def templates():
    X, y = make_spectra(60, classes=["Ia", "II"], snr_range=(20, 30), random_state=3)
    offsets, rows = flatten(X["spectrum"])
    rest = shifted(X, 1 / (1 + X["redshift"].to_numpy()) - 1)
    return rest.assign(redshift=0.0), y


def test_redshift_and_type_of_a_shifted_template(templates):
    X, y = templates
    redshift = np.linspace(0.01, 0.2, len(X))
    match = TemplateMatch().fit(X, y)
    seen = shifted(X, redshift).assign(redshift=np.nan)
    found = match.transform(seen)
    assert np.median(np.abs(found[:, 0] - redshift)) < 3e-4
    np.testing.assert_allclose(found[:, 0], redshift, atol=0.01)
    best = match.match_table(seen, n_matches=1)
    assert (best["template"] == X.index).mean() > 0.8
    assert best["label"].tolist() == list(y)
    np.testing.assert_allclose(best["redshift"], found[:, 0], rtol=1e-5)


def test_types_of_other_supernovae_vote(templates):
    X, y = templates
    match = TemplateMatch(name_column="name").fit(X, y)
    features = match.transform(X)
    own = match.match_table(X, n_matches=100)
    names = X["name"].to_dict()
    assert (own["object_id"].map(names) != own["template"].map(names)).all()
    votes = features[:, 3:]
    rated = features[:, 2] >= 5
    assert rated.mean() > 0.8
    np.testing.assert_allclose(votes[rated].sum(axis=1), 1, rtol=1e-5)
    assert (match.classes_[votes[rated].argmax(axis=1)] == y[rated]).mean() > 0.9


def test_a_known_redshift_limits_the_search(templates):
    X, y = templates
    seen = shifted(X, np.full(len(X), 0.1))
    match = TemplateMatch(min_rlap=0.0, min_lap=0.0).fit(X, y)
    known = match.transform(seen.assign(redshift=0.15))[:, 0]
    assert (np.abs(known - 0.15) < 0.0125).all()
    free = TemplateMatch(redshift_tolerance=None).fit(X, y).transform(seen.assign(redshift=0.15))
    np.testing.assert_allclose(free[:, 0], 0.1, atol=0.01)


def test_rlap_is_that_of_a_plain_loop(templates):
    X, y = templates
    match = TemplateMatch(min_rlap=0.0, min_lap=0.0, redshift_tolerance=None).fit(X, y)
    one, other = match.templates_[[0, 5]].astype(float)
    n, step = len(one), np.log(4) / 1023
    low, high = (int(f(np.log1p(z) / step)) for f, z in ((np.floor, -0.01), (np.ceil, 0.3)))
    correlation = {lag: (np.roll(other, lag) * one).sum() for lag in range(-n // 2, n // 2)}
    lag = max(range(low, high + 1), key=correlation.get)
    wrapped = np.array([(np.roll(other, i) * one).sum() for i in range(n)])
    odd = [wrapped[(lag + i) % n] - wrapped[(lag - i) % n] for i in range(n)]
    r = wrapped[lag % n] / (np.sqrt(2) * np.sqrt(np.mean(np.square(odd)) / 2))
    spans = match.template_spans_[[0, 5]] + [[0], [lag * step]]
    overlap = min(spans[:, 1]) - max(spans[:, 0])
    table = match.match_table(X.iloc[[0]], n_matches=len(X)).set_index("template")
    np.testing.assert_allclose(table.loc[X.index[5], "rlap"], r * overlap, rtol=1e-3)


def test_spectra_without_data_or_match(templates):
    X, y = templates
    match = TemplateMatch(min_rlap=1e6).fit(X, y)
    offsets, rows = flatten(X["spectrum"].iloc[:2])
    first = np.repeat([True, False], np.diff(offsets))
    some = X.iloc[:2].assign(spectrum=nest(*keep_rows(offsets, rows, first), X.index[:2]))
    found = match.transform(some)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[0, :2]).all() and (found[0, 2:] == 0).all()
    assert len(match.match_table(some)) == 0
    with pytest.raises(ObjectError, match="no template has data"):
        TemplateMatch().fit(some.iloc[[1]], y[:1])


def test_templates_require_a_redshift(templates):
    X, y = templates
    with pytest.raises(ObjectError, match="no 'redshift', which templates require"):
        TemplateMatch().fit(X.assign(redshift=np.nan), y)
    with pytest.raises(ValueError, match="redshift_range"):
        TemplateMatch((0.3, 0.1)).fit(X, y)


def test_redshifts_without_types(templates):
    X, _ = templates
    match = TemplateMatch().fit(X)
    assert match.get_feature_names_out().tolist() == ["redshift", "redshift_err", "rlap"]
    assert isinstance(X, NestedFrame) and "label" not in match.match_table(X.iloc[:2])
