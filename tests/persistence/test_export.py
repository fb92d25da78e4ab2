"""Exported networks return the probabilities of the classifier."""

import numpy as np
import pytest
import torch

from skastro.datasets import make_light_curves
from skastro.neural_network import HeatmapCNNClassifier, RecurrentClassifier, TransformerClassifier
from skastro.nn import HierarchicalCrossEntropy
from skastro.persistence import export_network
from skastro.taxonomy import Taxonomy
from skastro.utils.ragged import flatten, keep_rows, nest, row_numbers

TREE = Taxonomy({"Alert": {"SN": ["SNIa", "SNII"], "RRL": None}})


@pytest.fixture(scope="module")
def dense():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(40, 24)).astype(np.float32), np.arange(40) % 3
    return HeatmapCNNClassifier(max_epochs=1, random_state=0).fit(X, y), X


@pytest.fixture(scope="module")
def light_curves():
    """Short ones: the exporter unrolls a recurrent network observation by observation."""
    X, y = make_light_curves(40, classes=["SNIa", "SNII", "RRL"], random_state=0)
    offsets, rows = flatten(X["lightcurve"])
    return X.assign(
        lightcurve=nest(*keep_rows(offsets, rows, row_numbers(offsets) < 9), X.index)
    ), y


@pytest.mark.slow
def test_onnx_of_a_convolutional_network(dense, tmp_path):
    onnxruntime = pytest.importorskip("onnxruntime", reason="the extra 'onnx' is not installed")
    model, X = dense
    session = onnxruntime.InferenceSession(export_network(model, tmp_path / "n.onnx", X[:4]))
    inputs = {k: tensor.numpy() for k, tensor in model.network_inputs(X[5:12]).items()}
    (proba,) = session.run(["probabilities"], inputs)
    np.testing.assert_allclose(proba, model.predict_proba(X[5:12]), atol=1e-5)
    assert session.get_modelmeta().custom_metadata_map["classes"] == "[0, 1, 2]"


@pytest.mark.slow
@pytest.mark.parametrize(
    "model",
    [
        RecurrentClassifier(criterion=HierarchicalCrossEntropy(TREE), max_epochs=1, random_state=0),
        TransformerClassifier(max_epochs=1, random_state=0),
    ],
    ids=["recurrent", "transformer"],
)
def test_programs_of_networks_of_light_curves(model, light_curves, tmp_path):
    X, y = light_curves
    model.fit(X, y)
    path, extra = export_network(model, tmp_path / "n.pt2", X[:5]), {"classes.json": ""}
    program = torch.export.load(path, extra_files=extra).module()
    # The program of a recurrent network has the shapes of the objects it was exported with.
    part = X[:5] if isinstance(model, RecurrentClassifier) else X[7:]
    proba = program(model.network_inputs(part)).detach().numpy()
    np.testing.assert_allclose(proba, model.predict_proba(part), atol=1e-5)
    assert extra["classes.json"] == '["RRL", "SNII", "SNIa"]'


def test_what_onnx_cannot_represent_is_said(dense, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise torch.onnx.OnnxExporterError("failed") from ValueError(
            "no cummax See the stack trace"
        )

    monkeypatch.setattr(torch.onnx, "export", refuse)
    model, X = dense
    with pytest.raises(ValueError, match=r"\(no cummax\); write a \.pt2 file"):
        export_network(model, tmp_path / "n.onnx", X[:5])
    assert not list(tmp_path.iterdir())


def test_other_endings_and_existing_files(dense, tmp_path):
    model, X = dense
    with pytest.raises(ValueError, match="neither"):
        export_network(model, tmp_path / "n.pth", X)
    (tmp_path / "n.pt2").write_text("mine")
    with pytest.raises(FileExistsError, match="overwrite"):
        export_network(model, tmp_path / "n.pt2", X)
