"""Light curves in Parquet files: the same tensors, networks and predictions as from memory."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import FunctionTransformer

from skastro.datasets import make_light_curves
from skastro.exceptions import FormatError, UnclassifiedWarning
from skastro.io import ParquetFrame, write_parquet
from skastro.neural_network import RecurrentClassifier, TransformerClassifier
from skastro.neural_network.inputs import StreamedLightCurves, by_length
from skastro.neural_network.inputs._streamed import median_of_parts
from skastro.preprocessing import FirstDetection

N, CHUNK = 60, 13


@pytest.fixture(scope="module")
def objects():
    X, y = make_light_curves(N, classes=["SNIa", "RRL"], random_state=0)
    return X, np.asarray(y)


@pytest.fixture(scope="module")
def path(objects, tmp_path_factory):
    X, y = objects
    folder = tmp_path_factory.mktemp("survey")
    return write_parquet(X.assign(type=y), folder / "x.parquet", chunk_size=CHUNK)


def network(**options):
    options = {"max_epochs": 2, "static": ["redshift"], "random_state": 0} | options
    return RecurrentClassifier(**options)


@pytest.mark.parametrize("encoding", ["wavelength", "one-hot", "embedding"])
def test_tensors_are_those_from_memory(objects, path, encoding):
    X, y = objects
    model = network(band_encoding=encoding, max_epochs=1).fit(X, y)
    sources = model._read(X, reset=False), model._read(ParquetFrame(path, n_blocks=2), reset=False)
    assert isinstance(sources[1], StreamedLightCurves)
    rows = np.random.default_rng(0).permutation(N)[:30]
    learned = [source.learn(rows) for source in sources]
    assert learned[0].scale.flux == learned[1].scale.flux
    for question in ({"at": "every"}, {"at": np.array([3.0, 30.0])}, {"generator": 1}):
        batches = []
        for source in learned:
            if "generator" in question:
                question = {"generator": torch.Generator().manual_seed(1)}
            batches.append(source.take(rows, **question))
        assert list(batches[0]) == list(batches[1])
        for name in batches[0]:
            torch.testing.assert_close(batches[0][name], batches[1][name], rtol=0, atol=0)
    np.testing.assert_array_equal(sources[0].keys(rows), sources[1].keys(rows))


def test_predictions_are_those_from_memory(objects, path):
    X, y = objects
    model = network().fit(X, y)
    found = model.predict_proba(ParquetFrame(path, n_blocks=2))
    np.testing.assert_allclose(found, model.predict_proba(X), atol=1e-6)


def test_unclassified_objects_are_named_once(objects, path):
    X, y = objects
    model = network(max_epochs=1).fit(X, y)
    mark = FunctionTransformer(lambda X: X.assign(quality=np.where(X["ra"] > 180, "bad", "")))
    frame = ParquetFrame(path).map(mark)
    n_bad = int((X["ra"] > 180).sum())
    with pytest.warns(UnclassifiedWarning, match=f"{n_bad} of {N} objects") as caught:
        proba = model.predict_proba(frame)
    assert len(caught) == 1 and np.isnan(proba[:, 0]).sum() == n_bad
    assert caught[0].message.ids == X.index[X["ra"] > 180].tolist()


@pytest.mark.parametrize("kind", [RecurrentClassifier, TransformerClassifier])
def test_a_network_of_blocks_that_fit_into_memory_is_the_same(objects, path, kind):
    X, y = objects
    models = [
        kind(max_epochs=1, random_state=0, band_encoding="one-hot").fit(data, y)
        for data in (X, ParquetFrame(path, n_blocks=10))
    ]
    assert models[0].bands_ == models[1].bands_
    weights = [model.net_.module_.state_dict() for model in models]
    for name in weights[0]:
        torch.testing.assert_close(weights[0][name], weights[1][name], rtol=0, atol=0)


def test_a_network_learns_from_few_blocks_at_a_time(objects, path):
    X, y = objects
    frame = ParquetFrame(path, n_blocks=2)
    model = network(max_epochs=6, lr=2e-2, batch_size=8).fit(frame, frame["type"].to_numpy())
    assert model.score(X, y) > 0.8


def test_a_training_from_blocks_is_reproducible(objects, path):
    X, y = objects
    models = [network(max_epochs=1).fit(ParquetFrame(path, n_blocks=2), y) for _ in range(2)]
    np.testing.assert_array_equal(models[0].predict_proba(X), models[1].predict_proba(X))


def test_every_block_is_read_about_once_per_epoch(path, objects, monkeypatch):
    frame, read = ParquetFrame(path, n_blocks=2), []
    original = ParquetFrame.read_block
    monkeypatch.setattr(
        ParquetFrame, "read_block", lambda self, i: read.append(i) or original(self, i)
    )
    model = network(max_epochs=1, batch_size=10, validation=0.2).fit(frame, objects[1])
    # Summary, two passes for the median, training, validation; what is in memory is not read again.
    assert len(read) <= 5 * (frame.n_row_groups - frame.n_blocks) + 2 * frame.n_blocks
    read.clear()
    model.predict_proba(frame)
    assert len(read) == frame.n_row_groups


def test_mapped_frames_are_transformed_when_they_are_read(objects, path):
    X, y = objects
    step = FirstDetection().fit(X)
    mapped = ParquetFrame(path).map(step)
    model = network(reference_column="first_detection", max_epochs=1).fit(mapped, y)
    expected = model.predict_proba(step.transform(X))
    np.testing.assert_allclose(model.predict_proba(mapped), expected, atol=1e-6)
    assert "first_detection" in mapped.columns
    assert "first_detection" not in ParquetFrame(path).columns


def test_objects_and_columns_of_a_frame(objects, path):
    X, y = objects
    frame = ParquetFrame(path)
    assert len(frame) == N and frame.index.tolist() == X.index.tolist()
    assert frame["type"].tolist() == y.tolist()
    with pytest.raises(KeyError, match="has no column 'class'"):
        frame["class"]


def test_frames_without_objects_and_without_blocks(objects, tmp_path):
    X, y = objects
    path = write_parquet(X[:0], tmp_path / "empty.parquet")
    with pytest.raises(ValueError, match="RecurrentClassifier: X holds 0 objects"):
        network().fit(ParquetFrame(path), y[:0])
    with pytest.raises(ValueError, match="n_blocks=0 must be at least 1"):
        ParquetFrame(path, n_blocks=0)


def test_results_per_observation_are_refused(objects, path):
    model = network(max_epochs=1).fit(*objects)
    with pytest.raises(TypeError, match="RecurrentClassifier: .* frames of a ParquetFrame"):
        model.predict_proba_in_time(ParquetFrame(path))


def test_an_unreadable_row_group_is_named(objects, path, tmp_path):
    content = bytearray(path.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 400] = bytes(400)
    broken = tmp_path / "broken.parquet"
    broken.write_bytes(content)
    with pytest.raises(FormatError, match=r"broken.parquet, row group \d"):
        network().fit(ParquetFrame(broken), objects[1])


def test_the_median_of_parts_is_that_of_numpy():
    rng = np.random.default_rng(0)
    for n in (1, 2, 7, 1000):
        parts = np.array_split(rng.lognormal(0, 3, n), 3)
        assert median_of_parts(lambda parts=parts: parts) == np.median(np.concatenate(parts))
    single = [part.astype(np.float32) for part in parts]
    assert median_of_parts(lambda: single) == float(np.median(np.concatenate(single)))
    assert np.isnan(median_of_parts(lambda: [np.empty(0)]))


def test_prediction_reads_block_by_block(objects, path):
    model = network(max_epochs=1).fit(*objects)
    source = model._read(ParquetFrame(path, n_blocks=1), reset=False)
    blocks = source.blocks[by_length(source, np.arange(N))]
    assert (np.diff(blocks) >= 0).all()
