"""Predictions and features of the objects of a catalogue."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pyarrow as pa
from nested_pandas import NestedFrame

from skastro.distributed._model import SharedModel
from skastro.exceptions import name_choices
from skastro.recipes import prediction_table

if TYPE_CHECKING:
    from lsdb import Catalog

# LSDB keeps text in Arrow, and partitions must have the types of `meta`.
_TEXT = pd.ArrowDtype(pa.string())
_NESTED = ("lightcurve", "spectrum")


def predict_catalog(
    model: Any,
    catalog: "Catalog",
    *,
    id_column: str = "object_id",
    keep: Sequence[str] = (),
    columns: Sequence[str] | None = None,
    errors: str = "mark",
) -> "Catalog":
    """Predict the class probabilities of all objects of a catalogue, partition by partition.

    Nothing is computed before the result is: by ``.compute()``, ``.write_catalog(path)``, or as
    part of a further join.  If a client of `dask.distributed` exists when this is called, the
    model is sent once to each worker.  A partition whose worker is lost is computed again by
    another.

    Parameters
    ----------
    model : classifier, Pipeline, str or Path
        Fitted, with `predict_proba`; a path is read by :func:`skastro.persistence.load_model`.

    catalog : lsdb.Catalog
        Objects with the nested columns and static columns that the model reads.

    id_column : str, default="object_id"
        Column of the identifier, which becomes the first column of the result: the index of a
        catalogue is the position on the sky, and its rows are in the order of that.

    keep : sequence of str, default=()
        Further columns to copy to the result; right ascension and declination always are.

    columns : sequence of str, default=None
        Columns to pass to the model; by default those that its `feature_names_in_` names.

    errors : {"mark", "raise"}, default="mark"
        What to do with objects for which the model raises an error, see
        :func:`skastro.recipes.prediction_table`.

    Returns
    -------
    predictions : lsdb.Catalog
        One row per object: identifier, right ascension, declination, `keep`, ``prob_<class>``,
        label and reason as in :func:`skastro.recipes.prediction_table`, where labels are strings.

    Raises
    ------
    ValueError
        The catalogue lacks columns.

    ImportError
        LSDB is not installed (extra ``lsdb``).

    See Also
    --------
    to_hats : Write objects as a catalogue.

    Examples
    --------
    >>> import dask, lsdb
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.distributed import predict_catalog
    >>> from skastro.feature_extraction import LightCurveStatistics
    >>> X, y = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    >>> model = make_pipeline(LightCurveStatistics(), HistGradientBoostingClassifier()).fit(X, y)
    >>> catalog = lsdb.from_dataframe(X.rename_axis("object_id").reset_index())
    >>> with dask.config.set(scheduler="synchronous"):
    ...     found = predict_catalog(model, catalog).compute()
    >>> list(found)
    ['object_id', 'ra', 'dec', 'prob_RRL', 'prob_SNIa', 'label', 'reason']
    """
    shared = SharedModel(model)
    fitted = shared.load()
    kept = list(dict.fromkeys([id_column, *_positions(catalog), *keep]))
    columns = _columns(fitted, catalog, columns)
    _check_columns("predict_catalog", catalog, [*kept, *columns])
    # Without `meta` LSDB would call the function on an empty frame.
    meta = _with_predictions(catalog.meta.iloc[:0], kept, _no_predictions(fitted.classes_))
    return catalog.map_partitions(_predict, shared, id_column, kept, columns, errors, meta=meta)


def transform_catalog(
    transformer: Any,
    catalog: "Catalog",
    *,
    id_column: str = "object_id",
    keep: Sequence[str] = (),
    columns: Sequence[str] | None = None,
) -> "Catalog":
    """Apply a fitted transformer to all objects of a catalogue, partition by partition.

    Parameters
    ----------
    transformer : estimator, Pipeline, str or Path
        Fitted, with `transform` to light curves or to rows of features.

    catalog : lsdb.Catalog
        Objects.

    id_column, keep, columns
        As in :func:`predict_catalog`.

    Returns
    -------
    transformed : lsdb.Catalog
        Identifier, right ascension, declination, `keep`, and the columns of the result; features
        are float32 under the names of ``get_feature_names_out()``.

    Raises
    ------
    ValueError
        The catalogue lacks columns, or holds no objects.

    Notes
    -----
    The first object of the catalogue is transformed at once, to know the types of the columns.

    Examples
    --------
    >>> import dask, lsdb
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.distributed import transform_catalog
    >>> from skastro.feature_extraction import LightCurveStatistics
    >>> X, _ = make_light_curves(10, random_state=0)
    >>> catalog = lsdb.from_dataframe(X.rename_axis("object_id").reset_index())
    >>> with dask.config.set(scheduler="synchronous"):
    ...     found = transform_catalog(LightCurveStatistics().fit(X), catalog).compute()
    >>> list(found)[:4]
    ['object_id', 'ra', 'dec', 'n_observations_Y']
    """
    shared = SharedModel(transformer)
    fitted = shared.load()
    kept = list(dict.fromkeys([id_column, *_positions(catalog), *keep]))
    columns = _columns(fitted, catalog, columns)
    _check_columns("transform_catalog", catalog, [*kept, *columns])
    # One object is computed, for the names and types of the output.
    first = catalog.head(1)
    if len(first) == 0:
        raise ValueError("transform_catalog: the catalogue holds no objects")
    meta = _transformed(fitted, first, id_column, kept, columns).iloc[:0]
    return catalog.map_partitions(_transform, shared, id_column, kept, columns, meta, meta=meta)


def _positions(catalog):
    info = catalog.hc_structure.catalog_info
    return [info.ra_column, info.dec_column]


def _columns(fitted, catalog, columns):
    if columns is not None:
        return list(columns)
    known = getattr(fitted, "feature_names_in_", catalog.columns)
    # Estimators remember all columns of their training set, but only need some of them.
    return [name for name in known if name in catalog.columns or name in _NESTED]


def _check_columns(owner, catalog, names):
    for name in names:
        if name not in catalog.columns:
            known = name_choices(name, catalog.columns)
            raise ValueError(f"{owner}: the catalogue has no column {name!r}, only {known}")


def _predict(frame, shared, id_column, kept, columns, errors):
    model = shared.load()
    if len(frame) == 0:
        return _with_predictions(frame, kept, _no_predictions(model.classes_))
    table = prediction_table(model, _objects(frame, id_column, columns), errors=errors)
    return _with_predictions(frame, kept, _typed(table))


def _objects(frame, id_column, columns):
    """Return the objects under their identifiers, which errors and warnings name."""
    return NestedFrame(frame[columns]).set_axis(frame[id_column].to_numpy(object), axis=0)


def _no_predictions(classes):
    names = [f"prob_{name}" for name in classes]
    return _typed(pd.DataFrame(columns=[*names, "label", "reason"], dtype=object))


def _typed(table):
    kinds = {name: _TEXT if name in ("label", "reason") else np.float64 for name in table}
    texts = table.assign(label=table["label"].astype(str))
    return texts.astype(kinds)


def _with_predictions(frame, kept, table):
    # LSDB's index is the position on the sky, and must stay.
    return NestedFrame(pd.concat([frame[kept], table.set_axis(frame.index, axis=0)], axis=1))


def _transform(frame, shared, id_column, kept, columns, meta):
    transformer = shared.load()
    if len(frame) == 0:
        return meta
    return _transformed(transformer, frame, id_column, kept, columns)


def _transformed(transformer, frame, id_column, kept, columns):
    found = transformer.transform(_objects(frame, id_column, columns))
    if not isinstance(found, NestedFrame):
        names = transformer.get_feature_names_out()
        found = pd.DataFrame(np.asarray(found, np.float32), columns=names)
    own = [name for name in found.columns if name not in kept]
    new = found[own].set_axis(frame.index, axis=0)
    return NestedFrame(pd.concat([frame[kept], new], axis=1))
