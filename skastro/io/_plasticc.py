"""The files of the PLAsTiCC challenge."""

import numpy as np
import pandas as pd

from skastro.exceptions import FormatError, ObjectError
from skastro.io._observations import read_observations

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
_COLUMNS = {"redshift": "hostgal_photoz", "redshift_err": "hostgal_photoz_err", "dec": "decl"}


def read_plasticc(light_curves, metadata, *, classes=None):
    """Read light curves and metadata in the layout of PLAsTiCC's training and test files.

    Parameters
    ----------
    light_curves : DataFrame, str, Path or list of them
        Tables with object_id, mjd, passband (0 to 5 for ugrizY), flux, flux_err and detected;
        the test set has several.

    metadata : DataFrame, str or Path
        Table with one row an object, and in training files the column ``target``.

    classes : sequence of int or str, default=None
        Numbers or names of the classes to keep; all by default.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        As from :func:`read_observations`; all columns of the metadata but the class, and
        redshift, redshift_err (of the photometric redshift, NaN where it is 0, in the Milky Way),
        dec.

    y : ndarray of str, shape (n_objects,)
        Names of the classes, `PLASTICC_CLASSES`; a class that has none keeps its number as text.
        None without the column ``target``.

    Raises
    ------
    FormatError
        The metadata have no object_id, or classes are asked for without the column ``target``.

    ObjectError
        As :func:`read_observations`, or no object is of the classes.

    ValueError
        An unknown class is asked for.

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
    objects = metadata if isinstance(metadata, pd.DataFrame) else pd.read_csv(metadata)
    if "object_id" not in objects:
        raise FormatError(f"read_plasticc: the metadata have no object_id: {list(objects)}")
    y = _names(objects["target"]) if "target" in objects else None
    parts = light_curves if isinstance(light_curves, list) else [light_curves]
    tables = [part if isinstance(part, pd.DataFrame) else pd.read_csv(part) for part in parts]
    if classes is not None:
        kept = _selected(y, classes)
        if not kept.any():
            raise ObjectError(f"read_plasticc: no object is of the classes {list(classes)}")
        dropped = objects["object_id"][~kept]
        tables = [table[~table["object_id"].isin(dropped)] for table in tables]
        objects, y = objects[kept], y[kept]
    statics = objects.drop(columns="target", errors="ignore")
    for name, column in _COLUMNS.items():
        if column in statics:
            statics = statics.assign(**{name: statics[column]})
    if "redshift" in statics:
        galactic = statics["redshift"] == 0
        known = [name for name in ("redshift", "redshift_err") if name in statics]
        statics[known] = statics[known].astype(float).mask(galactic)
    return read_observations(pd.concat(tables, ignore_index=True), statics, bands=_BANDS), y


def _names(target):
    return np.array([PLASTICC_CLASSES.get(number, str(number)) for number in target], object)


def _selected(y, classes):
    if y is None:
        raise FormatError("read_plasticc: classes are asked for, but there is no column 'target'")
    wanted = {PLASTICC_CLASSES.get(name, str(name)) for name in classes}
    unknown = sorted(wanted - {*PLASTICC_CLASSES.values(), *y})
    if unknown:
        raise ValueError(f"read_plasticc: unknown classes {unknown}; there are {PLASTICC_CLASSES}")
    return np.isin(y.astype(str), sorted(wanted))
