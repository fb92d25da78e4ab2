"""Training from Parquet files that are read row group by row group."""

from typing import Any

import click
import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from skastro.cli._data import labels_of, read_labels
from skastro.io import ParquetFrame

_IN_MEMORY = ("redshifts", "ids", "max_per_class", "test_size")


def open_blocks(options: dict[str, Any]) -> tuple[ParquetFrame, NDArray]:
    """Return the objects that stay in their files, and their labels.

    Raises
    ------
    click.UsageError
        An option that changes or chooses objects.

    Examples
    --------
    >>> from skastro.cli._blocks import open_blocks
    >>> open_blocks({"data": "survey.parquet", "n_blocks": 4, "ids": "names.txt"})
    Traceback (most recent call last):
    ...
    click.exceptions.UsageError: --n-blocks cannot be combined with --ids
    """
    for name in _IN_MEMORY:
        if options.get(name):
            word = name.replace("_", "-")
            raise click.UsageError(f"--n-blocks cannot be combined with --{word}")
    X = ParquetFrame(options["data"], n_blocks=options["n_blocks"])
    label = options["label"]
    known = [label] if label in X.columns else []
    statics = pd.DataFrame({name: X[name] for name in known}, index=X.index)
    return X, read_labels(statics, **labels_of(options))[1]


def fit_blocks(model: Pipeline, X: ParquetFrame, y: NDArray) -> None:
    """Fit the preparation on some row groups, spread over the files, and the network on all.

    Raises
    ------
    click.UsageError
        The network does not read light curves.

    Examples
    --------
    >>> from skastro.cli._blocks import fit_blocks
    >>> from skastro.recipes import make_scone
    >>> fit_blocks(make_scone(), None, None)
    Traceback (most recent call last):
    ...
    click.exceptions.UsageError: --n-blocks is for networks that read light curves
    """
    from skastro.neural_network import RecurrentClassifier, TransformerClassifier

    if not isinstance(model[-1], RecurrentClassifier | TransformerClassifier):
        raise click.UsageError("--n-blocks is for networks that read light curves")
    chosen = np.unique(np.linspace(0, X.n_row_groups - 1, X.n_blocks).astype(int))
    sample = NestedFrame(pd.concat([X.read_block(number) for number in chosen]))
    features = model[:-1].fit(sample, y[np.isin(X.blocks, chosen)])
    del sample
    model[-1].fit(X.map(features), y)
