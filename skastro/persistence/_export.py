"""Networks for programs without skastro: ONNX or torch.export."""

import json
import os
from pathlib import Path
from typing import Any

from sklearn.base import ClassifierMixin

from skastro.persistence._summary import plain
from skastro.utils.files import draft_of


def export_network(
    classifier: ClassifierMixin, path: str | os.PathLike, X: Any, *, overwrite: bool = False
) -> Path:
    """Write the network of a classifier as ONNX or as an exported program of torch.

    The file maps the tensors of ``classifier.network_inputs(X)`` to the probabilities of
    ``classifier.classes_``.  What comes before, the steps of a recipe and the scaling of the
    inputs, is not in the file: compute ``network_inputs`` with skastro, or reimplement it.

    Parameters
    ----------
    classifier : BaseNetClassifier
        Fitted; of a recipe it is the last step, ``recipe[-1]``.

    path : path-like
        ``*.onnx`` requires the packages onnx and onnxscript; it works for the convolutional and
        the multimodal networks.  ``*.pt2`` is read by `torch.export.load`, from Python or C++,
        for any number of objects; that of a recurrent network reads as many objects and
        observations as the longest light curve of `X` has, padded with zeros at the end.

    X : array-like or frame of at least 2 rows
        Objects as for `predict_proba`; they define the shapes.

    overwrite : bool, default=False
        Replace an existing file.

    Returns
    -------
    path : pathlib.Path

    Raises
    ------
    ValueError
        Another extension, or a network with an operation that ONNX lacks.

    FileExistsError
        The file exists.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> import torch
    >>> from skastro.neural_network import HeatmapCNNClassifier
    >>> from skastro.persistence import export_network
    >>> X = np.random.default_rng(0).normal(size=(20, 12))
    >>> model = HeatmapCNNClassifier(max_epochs=1, random_state=0).fit(X, np.arange(20) % 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = export_network(model, f"{folder}/network.pt2", X)
    ...     program = torch.export.load(path).module()
    >>> program(model.network_inputs(X[:3])).shape
    torch.Size([3, 2])
    """
    path = Path(path)
    if path.suffix not in {".onnx", ".pt2"}:
        raise ValueError(f"export_network: {path} ends neither in .onnx nor in .pt2")
    if path.exists() and not overwrite:
        raise FileExistsError(f"export_network: {path} exists; overwrite=True replaces it")
    inputs = classifier.network_inputs(X)
    module, classes = classifier.as_torch(), plain(classifier.classes_)
    with draft_of(path) as draft:
        if path.suffix == ".onnx":
            _write_onnx(module, inputs, classes, draft)
        else:
            _write_program(module, inputs, classes, draft)
    return path


def _shapes(inputs):
    """Axes of any length: objects, and observations of light curves."""
    from torch.export import Dim

    return {
        name: dict.fromkeys(range(2 if name in {"observations", "bands"} else 1), Dim.AUTO)
        for name in inputs
    }


def _write_program(module, inputs, classes, draft):
    import torch

    program = torch.export.export(module, (inputs,), dynamic_shapes=(_shapes(inputs),))
    torch.export.save(program, draft, extra_files={"classes.json": json.dumps(classes)})


def _write_onnx(module, inputs, classes, draft):
    import torch

    class Positional(torch.nn.Module):
        """ONNX does not accept a dict of inputs."""

        def __init__(self):
            super().__init__()
            self.module = module

        def forward(self, *tensors):
            return self.module(dict(zip(inputs, tensors)))

    try:
        program = torch.onnx.export(
            Positional().eval(),
            tuple(inputs.values()),
            dynamo=True,
            dynamic_shapes={"tensors": tuple(_shapes(inputs).values())},
            input_names=list(inputs),
            output_names=["probabilities"],
            verbose=False,
        )
    except torch.onnx.OnnxExporterError as error:
        cause = str(error.__cause__ or error).split(" See the stack trace")[0]
        raise ValueError(
            f"export_network: ONNX cannot represent this network ({cause}); write a .pt2 file"
        ) from None
    program.model.metadata_props["classes"] = json.dumps(classes)
    program.save(draft)
