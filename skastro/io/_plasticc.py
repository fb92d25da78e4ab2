"""The files of the PLAsTiCC challenge."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.exceptions import FormatError, ObjectError
from skastro.io._content import naming
from skastro.io._many import check_choices, read_each, settle_duplicates
from skastro.io._observations import read_observations
from skastro.io._tables import read_table, with_index
from skastro.utils.columns import to_identifiers, to_numbers

PLASTICC_CLASSES = {
    6: "uLens",
    15: "TDE",
    16: "EB",
    42: "SNII",
    52: "SNIax",
    53: "Mira",
    62: "SNIbc",
    64: "KN",
    65: "Mdwarf-flare",
    67: "SNIa-91bg",
    88: "AGN",
    90: "SNIa",
    92: "RRL",
    95: "SLSN-I",
}
_BANDS = dict(enumerate("ugrizY"))
_REDSHIFT = {"redshift": "hostgal_photoz", "redshift_err": "hostgal_photoz_err"}


def read_plasticc(
    light_curves: pd.DataFrame | str | Path | Sequence,
    metadata: pd.DataFrame | str | Path,
    *,
    classes: Sequence[int | str] | None = None,
    duplicates: str = "raise",
    errors: str = "raise",
) -> tuple[NestedFrame, NDArray | None]:
    """Read light curves and metadata in the layout of PLAsTiCC's training and test files.

    Parameters
    ----------
    light_curves : DataFrame, str, Path or list of them
        Tables with object_id, mjd, passband (0 to 5 for ugrizY), flux, flux_err and detected;
        the test set has several.

    metadata : DataFrame, str or Path
        Table with one row per object, and in training files the column ``target``.

    classes : sequence of int or str, default=None
        Numbers or names of the classes to keep; all by default.

    duplicates : {"raise", "first"}, default="raise"
        What to do with metadata rows that share an identifier: raise an error, or keep the
        first.

    errors : {"raise", "skip"}, default="raise"
        What to do with tables of `light_curves` that cannot be read: raise an error, or leave
        them out with one warning and list them in ``X.attrs["skipped_files"]``.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        As from :func:`read_observations`, with all columns of the metadata except the class.
        redshift and redshift_err are those of the photometric redshift, NaN where it is 0, in
        the Milky Way.

    y : ndarray of str, shape (n_objects,)
        Names of the classes, `PLASTICC_CLASSES`; a class that has none keeps its number as text.
        None without the column ``target``.

    Raises
    ------
    FormatError
        A file cannot be read, the metadata have no object_id, or `classes` is given without the
        column ``target``.

    ObjectError
        As :func:`read_observations`, or no object is of the classes.

    ValueError
        A class is unknown.

    References
    ----------
    .. [1] The PLAsTiCC team, arXiv:1810.00001; R. Kessler et al., arXiv:1903.11756.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io import read_plasticc
    >>> rows = pd.DataFrame({"object_id": [7, 7], "mjd": [2.0, 1.0], "passband": [0, 5],
    ...                      "flux": [9.0, 3.0], "flux_err": [1.0, 1.0], "detected": [1, 0]})
    >>> objects = pd.DataFrame({"object_id": [7], "hostgal_photoz": [0.0], "target": [92]})
    >>> X, y = read_plasticc(rows, objects)
    >>> y.tolist(), X["lightcurve.band"].tolist()
    (['RRL'], ['Y', 'u'])
    """
    check_choices("read_plasticc", duplicates, errors)
    if duplicates == "number":
        raise ValueError(
            "read_plasticc: duplicates='number' is impossible, since the observations of objects "
            "that share an identifier cannot be separated; use 'raise' or 'first'"
        )
    objects = _open_metadata(metadata)
    objects = settle_duplicates(objects, duplicates=duplicates, owner="read_plasticc")
    y = _names(objects["target"]) if "target" in objects else None
    parts = light_curves if isinstance(light_curves, list | tuple) else [light_curves]
    _, tables, skipped = read_each(parts, _open, owner="read_plasticc", errors=errors)
    if classes is not None:
        kept = _selected(y, classes)
        if not kept.any():
            raise ObjectError(f"read_plasticc: no object is of the classes {list(classes)}")
        dropped = objects.index[~kept]
        tables = [table[~table["object_id"].isin(dropped)] for table in tables]
        objects, y = objects[kept], np.asarray(y)[kept]
    statics = objects.drop(columns="target", errors="ignore")
    X = read_observations(pd.concat(tables, ignore_index=True), statics, bands=_BANDS)
    if errors == "skip":
        X.attrs["skipped_files"] = skipped
    return X, y


def _open(source):
    """Return a table whose column object_id holds text."""
    is_frame = isinstance(source, pd.DataFrame)
    table = with_index(source) if is_frame else read_table(source)
    with naming("read_plasticc" if is_frame else source):
        if "object_id" not in table:
            raise FormatError(f"no column 'object_id', only {list(table)}")
        return table.assign(object_id=to_identifiers(table["object_id"]))


def _open_metadata(metadata):
    is_frame = isinstance(metadata, pd.DataFrame)
    with naming("read_plasticc, metadata" if is_frame else metadata):
        return _with_redshift(_open(metadata).set_index("object_id"))


def _with_redshift(statics):
    """Add the redshift of the host; 0 means that the object is in the Milky Way."""
    for name, column in _REDSHIFT.items():
        if column in statics:
            statics = statics.assign(**{name: to_numbers(column, statics[column])})
    if "redshift" in statics:
        galactic = statics["redshift"] == 0
        known = [name for name in _REDSHIFT if name in statics]
        statics[known] = statics[known].mask(galactic)
    return statics


def _names(target):
    return np.array([PLASTICC_CLASSES.get(number, str(number)) for number in target], object)


def _selected(y, classes):
    if y is None:
        raise FormatError("read_plasticc: `classes` is given, but there is no column 'target'")
    wanted = {PLASTICC_CLASSES.get(name, str(name)) for name in classes}
    unknown = sorted(wanted - {*PLASTICC_CLASSES.values(), *y})
    if unknown:
        raise ValueError(
            f"read_plasticc: unknown classes {unknown}; known: {dict(PLASTICC_CLASSES)}"
        )
    return np.isin(y.astype(str), sorted(wanted))
