"""What commands read: data of any format, labels, redshifts and lists of identifiers."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import numpy as np
import pandas as pd

from skastro.cli._options import Value
from skastro.exceptions import ObjectError
from skastro.io import (
    Stamps,
    iter_data,
    join_redshifts,
    read_data,
    read_redshift_table,
    read_snana,
    recognize_data,
)

_ID_NAMES = ("object_id", "id", "snid", "cid", "name")
_LABEL_NAMES = ("type", "label", "class", "sim_type_name", "target")

_OPTIONS = (
    click.option("--survey", default=None, help="Survey that defines bands and flags."),
    click.option(
        "--redshifts",
        type=click.Path(exists=True),
        help="Table of redshifts that replace those in the data.",
    ),
    click.option("--ids", type=click.Path(exists=True), help="File that lists the objects to use."),
)
_LABEL_OPTIONS = (
    click.option("--label", default="type", show_default=True, help="Column of the labels."),
    click.option("--labels", type=click.Path(exists=True), help="Table of labels by identifier."),
    click.option("--types", default=None, help="'Ia' merges the classes into SNIa and other."),
    click.option(
        "--label-names", default=None, help="New names of labels, such as {1: SNIa}.", type=Value()
    ),
)


def data_options(function: Callable) -> Callable:
    """Add the options of :func:`read_objects` to a command.

    Examples
    --------
    >>> import click
    >>> from skastro.cli._data import data_options
    >>> command = click.command()(data_options(lambda **options: None))
    >>> [option.name for option in command.params]
    ['survey', 'redshifts', 'ids']
    """
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def label_options(function: Callable) -> Callable:
    """Add the options of :func:`read_labels` to a command.

    Examples
    --------
    >>> import click
    >>> from skastro.cli._data import label_options
    >>> command = click.command()(label_options(lambda **options: None))
    >>> [option.name for option in command.params]
    ['label', 'labels', 'types', 'label_names']
    """
    for option in reversed(_LABEL_OPTIONS):
        function = option(function)
    return function


def read_objects(path, *, survey=None, redshifts=None, ids=None):
    """Return the objects of a path, or of a list of HEAD files, as the options choose them.

    Raises
    ------
    ObjectError
        An identifier of the list is not in the data.

    Examples
    --------
    >>> from skastro.cli._data import read_objects
    >>> read_objects("nowhere")
    Traceback (most recent call last):
    ...
    FileNotFoundError: there is no file or folder nowhere
    """
    X = (
        read_snana(path, survey=survey)
        if isinstance(path, list)
        else read_data(path, survey=survey)
    )
    return X if isinstance(X, Stamps) else _chosen(X, redshifts, read_ids(ids), path)


def iter_objects(path, *, survey=None, redshifts=None, ids=None, chunk_size=10_000) -> Iterator:
    """Yield the objects of a path in frames, or in rows of stamps, of bounded size.

    Examples
    --------
    >>> from skastro.cli._data import iter_objects
    >>> next(iter_objects("nowhere"))
    Traceback (most recent call last):
    ...
    FileNotFoundError: there is no file or folder nowhere
    """
    if recognize_data(path) == "stamps":
        X = read_data(path).X
        yield from (X[start : start + chunk_size] for start in range(0, len(X), chunk_size))
        return
    wanted, missing = read_ids(ids), set(read_ids(ids) or ())
    for frame in iter_data(path, survey=survey, chunk_size=chunk_size):
        missing -= set(frame.index.astype(str))
        kept = frame if wanted is None else frame[frame.index.astype(str).isin(wanted)]
        if len(kept):
            yield _chosen(kept, redshifts, None, path)
    if missing:
        raise ObjectError(f"--ids: not in {path}", sorted(missing))


def read_ids(path) -> list[str] | None:
    """Return the identifiers of a file, one per line or the first column of a CSV; None without.

    Examples
    --------
    >>> from skastro.cli._data import read_ids
    >>> read_ids(None) is None
    True
    """
    if path is None:
        return None
    lines = [line.split(",")[0].strip() for line in Path(path).read_text().splitlines()]
    header = lines and lines[0].lower() in _ID_NAMES
    return [line for line in lines[bool(header) :] if line and not line.startswith("#")]


def read_labels(X, *, label="type", labels=None, types=None, label_names=None):
    """Return the objects without the column of labels, and their labels.

    Parameters
    ----------
    X : NestedFrame or Stamps
        As from :func:`read_objects`.

    label : str, default="type"
        Column of the labels in the data or in the table.

    labels : path, default=None
        Table of labels by identifier (CSV or Parquet); the data's own column by default.

    types : "Ia" or None, default=None
        ``"Ia"`` makes two classes, SNIa and other.

    label_names : dict, default=None
        Name of each label, as of numbers of types.

    Returns
    -------
    X : NestedFrame or ndarray
        Objects.

    y : ndarray of shape (n_objects,)
        Labels.

    Raises
    ------
    ValueError, ObjectError
        There is no such column, or objects have no label.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.cli._data import read_labels
    >>> X, y = read_labels(pd.DataFrame({"z": [0.1], "type": ["Ia"]}, ["a"]))
    >>> X.columns.tolist(), y.tolist()
    (['z'], ['Ia'])
    """
    if isinstance(X, Stamps):
        return X.X, X.y
    if labels is not None:
        found = _label_table(labels, label).reindex(X.index.astype(str)).to_numpy()
    elif label in X.columns:
        found = X[label].to_numpy(object)
    else:
        known = ", ".join(map(str, X.columns))
        raise ValueError(
            f"the data have no column {label!r} of labels; name another with --label ({known}), "
            "or a table of labels with --labels"
        )
    missing = pd.isna(found) | (found == "")
    if missing.any():
        raise ObjectError("objects without a label; --ids chooses others", X.index[missing])
    y = _renamed(found, label_names)
    if types is not None:
        if types != "Ia":
            raise ValueError(f"--types is 'Ia', not {types!r}")
        y = np.where(np.isin(y.astype(str), _IA), "SNIa", "other")
    return X.drop(columns=label, errors="ignore"), y


def _renamed(labels, names):
    """Rename labels, looked up as they are and as text."""
    known = {str(key): name for key, name in (names or {}).items()}
    unknown = sorted({str(label) for label in labels} - set(known)) if known else []
    if unknown:
        raise ValueError(f"--label-names: no names for the labels {unknown}")
    return np.array([known.get(str(label), label) for label in labels])


_IA = ("SNIa", "Ia", "SNIa-SALT2", "SNIa-SALT3", "SNIa-norm")


def _label_table(path, label):
    table = pd.read_parquet(path) if str(path).endswith((".parquet", ".pq")) else None
    table = pd.read_csv(path, dtype=str) if table is None else table.reset_index()
    lower = {str(name).lower(): name for name in table.columns}
    identifier = next((lower[name] for name in _ID_NAMES if name in lower), None)
    names = [label.lower(), *_LABEL_NAMES]
    column = next((lower[name] for name in names if name in lower), None)
    if identifier is None or column is None:
        raise ValueError(
            f"{path}: expected a column of identifiers (one of {list(_ID_NAMES)}) and one of "
            f"labels ({label!r}); has {list(table.columns)}"
        )
    index = table[identifier].astype(str)
    if index.duplicated().any():
        raise ObjectError(f"{path}: identifiers twice", index[index.duplicated()].unique())
    return pd.Series(table[column].to_numpy(object), index)


def _chosen(X, redshifts, ids, path):
    if ids is not None:
        names = X.index.astype(str)
        unknown = sorted(set(ids) - set(names))
        if unknown:
            raise ObjectError(f"--ids: not in {path}", unknown)
        X = X[names.isin(ids)]
    if redshifts is not None:
        X = join_redshifts(X, read_redshift_table(redshifts), missing="keep")
    return X


def sample_classes(X, y, max_per_class=None, random_state=None):
    """Return at most this many objects of each class, in their order.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.cli._data import sample_classes
    >>> y = np.array(["Ia", "Ia", "II"])
    >>> sample_classes(np.arange(3)[:, None], y, 1, 0)[1].tolist()
    ['Ia', 'II']
    """
    if max_per_class is None:
        return X, y
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(y))
    place = pd.Series(y[order]).groupby(y[order]).cumcount().to_numpy()
    rows = np.sort(order[place < max_per_class])
    return (X.iloc[rows] if hasattr(X, "iloc") else X[rows]), y[rows]


def labels_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command that :func:`read_labels` takes.

    Examples
    --------
    >>> from skastro.cli._data import labels_of
    >>> labels_of({"label": "type", "types": "Ia", "survey": None})
    {'label': 'type', 'labels': None, 'types': 'Ia', 'label_names': None}
    """
    return {name: options.get(name) for name in ("label", "labels", "types", "label_names")}


def survey_of(options: dict[str, Any]) -> dict[str, Any]:
    """Return the options of a command that :func:`read_objects` takes.

    Examples
    --------
    >>> from skastro.cli._data import survey_of
    >>> survey_of({"survey": "LSST", "redshifts": None, "ids": None, "label": "type"})
    {'survey': 'LSST', 'redshifts': None, 'ids': None}
    """
    return {name: options.get(name) for name in ("survey", "redshifts", "ids")}
