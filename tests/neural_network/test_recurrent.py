"""Recurrent network: predictions at any date from earlier observations alone."""

import pickle
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.base import clone
from sklearn.model_selection import cross_val_predict

from skastro.exceptions import ObjectError, ObjectWarning
from skastro.neural_network import DeepEnsembleClassifier, RecurrentClassifier
from skastro.neural_network.inputs import BatchDataset, BatchIterator, LightCurves
from skastro.neural_network.inputs._light_curves import _random_prefixes, _random_rows, describe
from skastro.nn import HierarchicalCrossEntropy, RecurrentNet
from skastro.recipes import ORACLE_PAPER
from skastro.taxonomy import Taxonomy
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten, keep_rows, nest, segment_ids, segment_reduce

DAYS = [0.5, 8.0, 30.0, 1000.0]
TREE = Taxonomy({"root": {"SN": ["Ia", "II"], "AGN": None}})


def network(**parameters):
    defaults = {
        "max_epochs": 3,
        "batch_size": 8,
        "reference_column": "trigger_time",
        "random_state": 0,
    }
    return RecurrentClassifier(**(defaults | parameters))


def with_rows(X, change):
    """Return a copy of X whose light curves went through ``change(offsets, rows)``."""
    offsets, rows = flatten(X["lightcurve"])
    return X.assign(lightcurve=nest(*change(offsets, dict(rows)), X.index))


def days_after_trigger(X):
    offsets, rows = flatten(X["lightcurve"])
    return rows["time"] - X["trigger_time"].to_numpy()[segment_ids(offsets)]


def shuffled(X):
    def shuffle(offsets, rows):
        order = np.random.default_rng(0).permutation(len(rows["time"]))
        order = order[np.argsort(segment_ids(offsets)[order], kind="stable")]
        return offsets, {name: values.take(order) for name, values in rows.items()}

    return with_rows(X, shuffle)


@pytest.fixture(scope="module")
def data():
    return make_check_data(40)


@pytest.fixture(scope="module", params=[("gru", 16), ("gru", 0), ("lstm", 8)], ids=str)
def model(request, data):
    cell, embedding_size = request.param
    module = partial(RecurrentNet, cell=cell, hidden_size=16, embedding_size=embedding_size)
    return network(module=module, static=["redshift", "mwebv"]).fit(*data)


@pytest.mark.parametrize("day", DAYS[:3])
def test_later_observations_change_nothing_before_them(model, data, day):
    X, _ = data
    late = days_after_trigger(X) > day

    def spoil(offsets, rows):
        rows["flux"] = np.where(late, -1000 * rows["flux"], rows["flux"])
        rows["detected"] = rows["detected"] ^ late
        return offsets, rows

    before, after = (model.predict_proba_at(frame, DAYS) for frame in (X, with_rows(X, spoil)))
    same = np.array(DAYS) <= day
    np.testing.assert_allclose(after[:, same], before[:, same], atol=1e-6)
    assert np.nanmax(np.abs(after[:, ~same] - before[:, ~same])) > 1e-4


@pytest.mark.parametrize("day", DAYS)
def test_a_date_is_the_light_curve_cut_there(model, data, day):
    X, _ = data
    early = days_after_trigger(X) <= day
    cut = with_rows(X, lambda offsets, rows: keep_rows(offsets, rows, early))
    wanted = model.predict_proba(cut)
    np.testing.assert_allclose(model.predict_proba_at(X, [day])[:, 0], wanted, atol=1e-6)


def test_predictions_after_every_observation(model, data):
    X, _ = data
    frame = model.predict_proba_in_time(X)
    offsets, rows = flatten(frame["probability"])
    np.testing.assert_array_equal(offsets, flatten(X["lightcurve"])[0])
    every = np.stack([rows[name] for name in model.classes_], axis=1)
    np.testing.assert_allclose(every.sum(axis=1), 1, atol=1e-6)
    np.testing.assert_allclose(every[offsets[1:] - 1], model.predict_proba(X), atol=1e-6)
    after = days_after_trigger(X)
    number = segment_reduce(offsets, (after <= 30).astype(int), np.add, empty=0)
    at_30 = np.where(number[:, None] > 0, every[offsets[:-1] + number - 1], np.nan)
    np.testing.assert_allclose(model.predict_proba_at(X, [30])[:, 0], at_30, atol=1e-6)


def test_nothing_seen_yet_has_no_prediction(model, data):
    X, _ = data
    assert np.isnan(model.predict_proba_at(X, [-1e4])).all()
    assert np.isnan(model.predict_proba_at(X.iloc[:0:-1], [-1e4, 1e4])[:, 0]).all()
    with pytest.raises(ValueError, match="finite"):
        model.predict_proba_at(X, [np.nan])


def test_order_of_observations_does_not_matter_and_data_stay_as_they_are(model, data):
    X, y = data
    mixed = shuffled(X)
    before = pickle.dumps(mixed)
    np.testing.assert_allclose(model.predict_proba(mixed), model.predict_proba(X), atol=1e-6)
    again = network().fit(mixed, y).predict_proba(X)
    np.testing.assert_allclose(again, network().fit(X, y).predict_proba(X), atol=1e-5)
    assert pickle.dumps(mixed) == before


@pytest.mark.parametrize("reference_column", [None, "trigger_time"])
def test_only_days_after_the_own_zero_count(data, reference_column):
    X, y = data
    shift = np.random.default_rng(0).integers(-3000, 3000, len(X)).astype(float)

    def move(offsets, rows):
        rows["time"] = rows["time"] + shift[segment_ids(offsets)]
        return offsets, rows

    moved = with_rows(X, move)
    moved["trigger_time"] += shift
    own = network(reference_column=reference_column).fit(X, y)
    np.testing.assert_allclose(own.predict_proba(moved), own.predict_proba(X), atol=1e-4)
    other = network(reference_column=reference_column).fit(moved, y)
    np.testing.assert_allclose(other.predict_proba(X), own.predict_proba(X), atol=1e-3)


@pytest.mark.parametrize("encoding", ["one-hot", "embedding", "wavelength"])
def test_bands(data, encoding):
    X, y = data
    model = network(band_encoding=encoding, survey="SCONE").fit(X, y)

    def rename(offsets, rows):
        rows["band"] = rows["band"].rename_categories({"z": "unheard"})
        return offsets, rows

    renamed = with_rows(X, rename)
    without = with_rows(X, lambda o, rows: keep_rows(o, rows, np.asarray(rows["band"]) != "z"))
    n_lost = len(flatten(X["lightcurve"])[1]["band"]) - len(
        flatten(without["lightcurve"])[1]["band"]
    )
    with pytest.warns(ObjectWarning, match=rf"{n_lost} of .* 'unheard' \({n_lost}\)"):
        found = model.predict_proba(renamed)
    np.testing.assert_allclose(found, model.predict_proba(without), atol=1e-6)

    def reorder(offsets, rows):
        names = rows["band"].categories
        rows["band"] = rows["band"].set_categories(names[::-1])
        return offsets, rows

    np.testing.assert_allclose(
        model.predict_proba(with_rows(X, reorder)), model.predict_proba(X), atol=1e-6
    )


def test_wavelengths_reach_bands_that_the_training_lacked(data):
    X, y = data
    blue = with_rows(X, lambda o, rows: keep_rows(o, rows, np.isin(rows["band"], ["u", "g", "r"])))
    model = network(band_encoding="wavelength").fit(blue, y)
    assert np.isfinite(model.predict_proba(X)).all()
    model = network().fit(blue, y)
    assert model.bands_ == ["g", "r", "u"]
    with pytest.warns(ObjectWarning, match=r"it knows \['g', 'r', 'u'\]"):
        found = model.predict_proba(X)
    np.testing.assert_allclose(found, model.predict_proba(blue), atol=1e-6)


@pytest.mark.parametrize("encoding", ["one-hot", "wavelength"])
def test_names_of_bands_go_through_the_survey(data, encoding):
    X, y = data
    model = network(band_encoding=encoding, survey="LSST").fit(X, y)

    def rename(offsets, rows):
        names = {name: f"LSST-{name}" for name in rows["band"].categories} | {"Y": "y"}
        rows["band"] = rows["band"].rename_categories(names)
        return offsets, rows

    renamed = with_rows(X, rename)
    np.testing.assert_array_equal(model.predict_proba(renamed), model.predict_proba(X))


def test_an_object_without_known_bands_is_unclassified_with_the_reason(data):
    X, y = data
    model = network(survey="LSST").fit(X, y)

    def rename(offsets, rows):
        names = np.array(rows["band"], object)
        names[offsets[2] : offsets[3]] = "K"
        rows["band"] = pd.Categorical(names)
        return offsets, rows

    with pytest.warns(ObjectWarning, match=r"no observation in a known band \(object 'SN002'\)"):
        proba = model.predict_proba(with_rows(X, rename))
    assert np.flatnonzero(np.isnan(proba).any(axis=1)).tolist() == [2]


def test_taxonomy(data):
    X, y = data
    coarse = np.where(np.arange(len(y)) % 3 == 0, TREE.at_depth(y, 1), y)
    model = network(criterion=HierarchicalCrossEntropy(TREE, node_weight="balanced"))
    model.fit(X, coarse)
    assert model.classes_.tolist() == ["AGN", "II", "Ia"]
    nodes, leaves = model.predict_node_proba(X), model.predict_proba(X)
    np.testing.assert_allclose(nodes[:, 0], 1)
    np.testing.assert_allclose(nodes[:, 1], leaves[:, 1] + leaves[:, 2])
    np.testing.assert_allclose(leaves.sum(axis=1), 1)
    assert set(model.predict_path(X, 1.0)) == {"root"}
    assert set(model.predict_path(X, 0.0)) <= set(TREE.leaves)
    assert set(model.predict(X)) <= set(TREE.leaves)
    at_end = model.predict_proba_at(X, [1000])[:, 0]
    np.testing.assert_allclose(at_end, leaves, atol=1e-6)


def test_wrong_labels_are_refused(data):
    X, y = data
    model = network(criterion=HierarchicalCrossEntropy(TREE))
    with pytest.raises(ValueError, match="RecurrentClassifier: Taxonomy: labels 'QSO'"):
        model.fit(X, np.where(y == "Ia", "QSO", y))
    with pytest.raises(ValueError, match="may be encoded labels"):
        cross_val_predict(model, X, y, method="predict_proba", cv=2)
    coded = clone(model).set_params(classes=TREE.leaves)
    proba = cross_val_predict(coded, X, y, method="predict_proba", cv=2)
    assert proba.shape == (len(y), 3) and np.isfinite(proba).all()
    assert not hasattr(network(), "predict_path")


def test_ensemble_predicts_at_dates(data):
    X, y = data
    model = DeepEnsembleClassifier(network(), n_estimators=2, random_state=0).fit(X, y)
    members = [member.predict_proba_at(X, DAYS) for member in model.estimators_]
    np.testing.assert_allclose(model.predict_proba_at(X, DAYS), np.mean(members, axis=0))


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("flux", np.nan, "'flux' that are not finite"),
        ("time", np.inf, "'time' that are not finite"),
        ("flux_err", 0.0, "'flux_err' that are not finite or not positive"),
    ],
)
def test_bad_observations_are_named(data, field, value, message):
    X, y = data

    def spoil(offsets, rows):
        rows[field] = np.array(rows[field])
        rows[field][offsets[3]] = value
        return offsets, rows

    with pytest.raises(ObjectError, match=message) as error:
        network().fit(with_rows(X, spoil), y)
    assert error.value.ids == [X.index[3]]


def test_static_columns_must_be_numbers(data):
    X, y = data
    with pytest.raises(ValueError, match=r"static columns \['name'\] do not hold numbers"):
        network(static=["name"]).fit(X.assign(name=X.index), y)


def test_marked_objects_get_no_prediction(data):
    X, y = data
    X = X.assign(quality=np.where(np.arange(len(X)) == 4, "too few points", ""))
    with pytest.warns(UserWarning, match="too few points .object .*4"):
        model = network().fit(X, y)
    assert np.isnan(model.predict_proba(X)[4]).all()
    assert np.isnan(model.predict_proba_at(X, DAYS)[4]).all()
    assert model.predict(X)[4] == "unclassified"


def test_random_prefixes_are_each_objects_own():
    generator = torch.Generator().manual_seed(0)
    last = torch.tensor([[0], [9], [499]])
    drawn = torch.stack([_random_prefixes(last, 8, generator) for _ in range(400)])
    assert (drawn[:, 0] == 0).all()
    assert drawn[:, 1].unique().tolist() == list(range(10))
    assert drawn[:, 2].min() == 0 and drawn[:, 2].max() == 499
    assert not torch.equal(drawn[:, 1, 0] * 50, drawn[:, 2, 0])
    even = drawn[:, 2, 1::2].flatten().double()
    assert abs(even.mean() - 249.5) < 15


def test_training_loses_a_random_part_of_each_light_curve_but_never_its_start():
    generator = torch.Generator().manual_seed(0)
    offsets = np.array([0, 0, 1, 1001, 3001])
    kept = np.stack([_random_rows(offsets, 0.5, generator) for _ in range(50)])
    assert kept[:, [0, 1, 1001]].all()
    shares = np.stack([kept[:, 1:1001].mean(1), kept[:, 1001:].mean(1)])
    assert shares.min() > 0.45 and shares.max() > 0.95
    assert abs(np.corrcoef(shares)[0, 1]) < 0.5
    assert not (kept[0] == kept[1]).all()


def test_dropout_is_for_training_alone(data):
    X, y = data
    model = network(observation_dropout=0.9).fit(X, y)
    np.testing.assert_array_equal(model.predict_proba(X), model.predict_proba(X))
    assert np.isfinite(model.predict_proba(X)).all()


def test_batches_hold_light_curves_of_like_lengths():
    rng = np.random.default_rng(0)
    lengths = rng.geometric(0.02, 2000)
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    rows = {name: np.ones(offsets[-1]) for name in ("time", "flux", "flux_err", "detected")}
    rows["band"] = np.zeros(offsets[-1], int)
    nothing = np.zeros((2000, 0))
    source = LightCurves(offsets, rows, nothing, np.eye(1), np.full(2000, np.nan))
    generator = torch.Generator().manual_seed(0)
    data = BatchDataset(source, np.arange(2000), np.arange(2000), generator=generator)
    batches = list(BatchIterator(data, 32, shuffle=True))
    seen = np.concatenate([codes.numpy() for _, codes in batches])
    assert sorted(seen) == list(range(2000)) and not np.array_equal(seen, np.arange(2000))
    cells = sum(
        inputs["observations"].shape[0] * inputs["observations"].shape[1] for inputs, _ in batches
    )
    assert cells < 1.15 * lengths.sum()
    widths = [inputs["observations"].shape[1] for inputs, _ in batches]
    assert np.abs(np.corrcoef(widths[:-1], widths[1:])[0, 1]) < 0.3


def test_description_of_observations():
    padded = {
        "time": np.array([[0.0, 3.0, 3.0, 10.0]]),
        "flux": np.array([[0.0, 10.0, -10.0, 5.0]]),
        "flux_err": np.array([[1.0, 2.0, 1.0, 1.0]]),
        "detected": np.array([[False, True, False, True]]),
    }
    numbers = describe(padded, 2.0)[0]
    np.testing.assert_allclose(numbers[:, 0], [0, 0.03, 0.03, 0.1])
    np.testing.assert_allclose(numbers[:, 2], np.log1p([0, 3, 0, 7]) / 3, rtol=1e-6)
    np.testing.assert_allclose(numbers[:, 3], np.log1p([0, 0, 0, 7]) / 3, rtol=1e-6)
    np.testing.assert_allclose(numbers[:, 4], np.arcsinh([0, 5, -5, 2.5]) / 3, rtol=1e-6)
    np.testing.assert_allclose(numbers[:, 6], np.arcsinh([0, 5, -10, 5]) / 3, rtol=1e-6)
    np.testing.assert_allclose(numbers[:, 8], np.arcsinh([0, 5, 5, 5]) / 3, rtol=1e-6)


def test_network_of_the_oracle_paper():
    """122 k parameters: 2 GRU of 100, dense 100, static 10, then 100, 64 and one logit per node."""
    net = ORACLE_PAPER["module"](5, 26, n_static=23)
    assert sum(p.numel() for p in net.parameters()) == 122_294


def test_unknown_cell():
    with pytest.raises(ValueError, match="cell must be one of"):
        RecurrentNet(3, 2, cell="rnn")
