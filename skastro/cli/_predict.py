"""``skastro predict``: class probabilities of a saved model, chunk by chunk."""

import hashlib
import json
import shutil
from pathlib import Path

import click
import pandas as pd

from skastro.cli import _scone
from skastro.cli._data import data_options, iter_objects, survey_of
from skastro.cli._options import check_names, read_config
from skastro.cli._output import (
    FORMATS,
    atomic,
    check_output,
    done_file_option,
    tell_done,
    write_table,
)
from skastro.utils.locks import lock


@click.command("predict")
@click.argument("model", type=click.Path(), required=False)
@click.argument("data", type=click.Path(), required=False)
@data_options
@click.option("-o", "--output", default="predictions.csv", help="CSV, Parquet or FITRES.")
@click.option("--overwrite", is_flag=True, help="Replace an existing table.")
@click.option("--prob-column", default=None, help="Add a column of this name, such as PROB_SCONE.")
@click.option("--prob-class", default=None, help="Class of --prob-column; SNIa or Ia by default.")
@click.option(
    "--chunk-size", default=10_000, show_default=True, help="Objects in memory at a time."
)
@click.option(
    "--errors",
    type=click.Choice(["raise", "mark"]),
    default="raise",
    show_default=True,
    help="Objects for which the model fails: stop, or leave them unclassified with the reason.",
)
@click.option("--config", type=click.Path(exists=True), help="YAML file, also of SCONE.")
@done_file_option
@click.pass_context
def command(ctx, model, data, output, overwrite, chunk_size, errors, done_file, **options):
    """Write a table of class probabilities, one row per object; SNID is the first column.

    A model of skastro.calibration adds its sets of classes and its scores of unknown objects.

    An interrupted run resumes when the same command is run again.
    """
    with tell_done(done_file):
        given = {"model": model, "data": data, "output": output, **options}
        options = _configured(ctx, given)
        model, data = options["model"], options["data"]
        path = check_output(options["output"], overwrite, FORMATS)
        key = {"model": _digest(model), "data": _stamp(data), "chunk_size": chunk_size}
        key |= {"options": survey_of(options), "errors": errors}
        reading = {"chunk_size": chunk_size, "errors": errors, **survey_of(options)}
        with lock(path, "skastro predict"):
            parts = predict(model, data, path, key, progress=ctx.obj["progress"], **reading)
            table = pd.concat([pd.read_parquet(part) for part in parts])
            write_table(_named(table, options["prob_column"], options["prob_class"]), path)
            shutil.rmtree(_folder(path))
        n_missing = int((table["reason"] != "").sum())
        click.echo(f"{len(table)} objects, {n_missing} without a prediction: {path}")


def predict(
    model, data, path, key, *, progress=False, chunk_size=10_000, errors="raise", **options
) -> list[Path]:
    """Write the predictions of every chunk that is not there yet, and return their files.

    Parameters
    ----------
    model, data : path
        Model file and data.

    path : Path
        The final table; the parts are in a folder next to it.

    key : dict
        What the parts depend on; parts of another run are thrown away.

    progress : bool, default=False
        Show a progress bar.

    chunk_size : int, default=10,000
        Objects per part.

    errors : {"raise", "mark"}, default="raise"
        See :func:`skastro.recipes.prediction_table`.

    **options
        As of :func:`skastro.cli._data.iter_objects`.

    Returns
    -------
    parts : list of Path
        Parquet files in the order of the objects.

    Raises
    ------
    FileNotFoundError
        There is no model or no data.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.cli._predict import predict
    >>> predict("no_model", "no_data", Path("table.csv"), {})
    Traceback (most recent call last):
    ...
    FileNotFoundError: load_model: there is no file no_model
    """
    from tqdm import tqdm

    from skastro.persistence import load_model

    fitted = load_model(model)
    folder = _prepared(_folder(path), key)
    parts = []
    chunks = iter_objects(data, chunk_size=chunk_size, **options)
    for number, X in enumerate(tqdm(chunks, "chunks", disable=not progress)):
        part = folder / f"part-{number:06d}.parquet"
        if not part.exists():
            with atomic(part) as draft:
                _table(fitted, X, number * chunk_size, errors).to_parquet(draft)
        parts.append(part)
    if not parts:
        raise ValueError(f"{data} holds no objects")
    return parts


def _configured(ctx, options):
    """Return the options: of the command line, else of the configuration, else the defaults."""
    config = options.pop("config")
    given = read_config(config) if config else {}
    if _scone.is_scone(given):
        given, _ = _scone.translate(given)
        given = {name: value for name, value in given.items() if name in options}
    check_names(given, sorted(options), "configuration")
    default = click.core.ParameterSource.DEFAULT
    for name, value in given.items():
        if options[name] is None or ctx.get_parameter_source(name) == default:
            options[name] = value
    missing = [name for name in ("model", "data") if not options[name]]
    if missing:
        raise click.UsageError(f"no {' and no '.join(missing)}: give a path, or a configuration")
    return options


def _table(model, X, first, errors):
    from skastro.recipes import prediction_table

    table = prediction_table(model, X, errors=errors, confidence=True)
    if not hasattr(X, "columns"):
        table.index = pd.RangeIndex(first, first + len(table))
    return table.rename_axis("SNID")


def _named(table, column, label):
    if column is None:
        return table
    names = [f"prob_{label}"] if label else ["prob_SNIa", "prob_Ia"]
    found = [name for name in names if name in table.columns]
    if not found:
        known = [name[5:] for name in table.columns if name.startswith("prob_")]
        raise ValueError(f"--prob-column: no class {label or 'SNIa'}; --prob-class: one of {known}")
    table.insert(0, column, table[found[0]])
    return table


def _folder(path):
    return path.with_name(f".{path.name}.parts")


def _prepared(folder, key):
    """Return the folder of parts, empty if it belongs to another run."""
    manifest, text = folder / "manifest.json", json.dumps(key, sort_keys=True, default=str)
    if not manifest.is_file() or manifest.read_text() != text:
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        manifest.write_text(text)
    return folder


def _digest(path):
    if not Path(path).is_file():
        raise FileNotFoundError(f"there is no model file {path}")
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _stamp(path):
    """Return names, sizes and times of the files of a path."""
    path = Path(path)
    files = sorted(path.rglob("*")) if path.is_dir() else [path] if path.exists() else []
    found = [(str(f), f.stat().st_size, f.stat().st_mtime_ns) for f in files if f.is_file()]
    return hashlib.sha256(json.dumps(found).encode()).hexdigest()
