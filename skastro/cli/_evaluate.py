"""``skastro evaluate``: scores of a model, or of a table of predictions, against labels."""

from pathlib import Path

import click
import numpy as np
import pandas as pd

from skastro.cli._data import (
    data_options,
    label_options,
    labels_of,
    read_labels,
    read_objects,
    survey_of,
)


@click.command("evaluate")
@click.argument("model", type=click.Path(exists=True))
@click.argument("data", type=click.Path())
@data_options
@label_options
@click.option("-o", "--output", default="evaluation", show_default=True, help="Folder.")
@click.option("--overwrite", is_flag=True, help="Replace existing files in the folder.")
def command(model, data, output, overwrite, **options):
    """Score predictions against labels: numbers (JSON), tables (CSV), pictures (PNG).

    MODEL is a model file, or a table that `skastro predict` wrote.
    """
    from skastro.inspection import EvaluationReport

    folder = Path(output)
    if folder.exists() and any(folder.iterdir()) and not overwrite:
        raise FileExistsError(f"{folder} is not empty; --overwrite replaces its files")
    X, y = read_labels(read_objects(data, **survey_of(options)), **labels_of(options))
    if Path(model).suffix.lower() in {".csv", ".parquet", ".pq"}:
        proba, classes = _from_table(Path(model), X)
    else:
        proba, classes, y = _from_model(model, X, y)
    report = EvaluationReport(y.astype(classes.dtype), proba, classes)
    report.to_folder(folder)
    for name, value in report.scores_.items():
        text = f"{value:.4g}" if isinstance(value, float) else value
        why = f" ({report.undefined_[name]})" if name in report.undefined_ else ""
        click.echo(f"{name:28} {text}{why}")
    click.echo(f"report: {folder}")


def _from_model(path, X, y):
    from skastro.persistence import load_model

    model = load_model(path)
    tree = getattr(getattr(model, "steps", [("", model)])[-1][1], "taxonomy_", None)
    known = y if tree is None else tree.relabel(y)
    return model.predict_proba(X), np.asarray(model.classes_), known


def _from_table(path, X):
    """Return probabilities by identifier, and the classes, of a table of predictions."""
    table = pd.read_csv(path, dtype={"SNID": str}) if path.suffix == ".csv" else None
    table = pd.read_parquet(path).reset_index() if table is None else table
    names = [name for name in table.columns if name.startswith("prob_")]
    if "SNID" not in table.columns or not names:
        raise ValueError(f"{path}: expected the columns SNID and prob_<class>")
    proba = table.set_index(table["SNID"].astype(str))[names].reindex(X.index.astype(str))
    return proba.to_numpy(float), np.array([name.removeprefix("prob_") for name in names])
