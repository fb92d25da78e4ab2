"""A model card: what a model file says about its model, as a page of Markdown."""

import os
from typing import Any

from skastro.persistence._model import inspect_model


def model_card(path: str | os.PathLike, *, title: str | None = None, description: str = "") -> str:
    """Return a model card in Markdown from what a model file says about its model.

    Parameters
    ----------
    path : path-like
        A file of :func:`save_model`.

    title : str, default=None
        Title; the name of the file by default.

    description : str, default=""
        Paragraphs that follow the title: intended use, limits, licence, how to cite.

    Returns
    -------
    card : str
        Markdown.

    Raises
    ------
    FileNotFoundError, FormatError
        As :func:`inspect_model`.

    References
    ----------
    .. [1] M. Mitchell et al., "Model Cards for Model Reporting", FAT* 2019, arXiv:1810.03993.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skastro.persistence import model_card, save_model
    >>> model = DecisionTreeClassifier().fit(*load_iris(return_X_y=True))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = save_model(model, f"{folder}/iris.safetensors", training={"n_objects": 150})
    ...     print(model_card(path).splitlines()[0])
    # iris
    """
    information = inspect_model(path)
    summary = dict(information["summary"])
    training = summary.pop("training", {})
    parts = summary.pop("parts", {})
    sections = [f"# {title or os.path.basename(path).rsplit('.', 1)[0]}"]
    sections += [description] if description else []
    sections += [_section("Model", summary)]
    sections += [_section(f"Step `{name}`", values) for name, values in parts.items()]
    sections += [_section("Training", training)] if training else []
    sections += [_section("Written with", information["versions"])]
    return "\n\n".join(sections) + f"\n\nWritten {information['created']}.\n"


def _section(title: str, values: dict[str, Any]) -> str:
    rows = [f"| {name} | {_cell(value)} |" for name, value in values.items()]
    return "\n".join([f"## {title}", "", "| | |", "|---|---|", *rows])


def _cell(value: Any) -> str:
    """Return a value as text of one cell; bars would end the cell."""
    if isinstance(value, dict):
        value = [f"{name}: {_cell(part)}" for name, part in value.items()]
    if isinstance(value, list):
        value = ", ".join(_cell(part) for part in value)
    if isinstance(value, float):
        value = f"{value:.4g}"
    return str(value).replace("|", "\\|").replace("\n", " ")
