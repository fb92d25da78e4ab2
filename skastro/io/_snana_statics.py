"""Static columns of a HEAD table under standard names, missing codes as NaN."""

import numpy as np

from skastro.utils.missing import mask_missing

_SOURCES = {
    "redshift": ("REDSHIFT_FINAL", "REDSHIFT_CMB", "REDSHIFT_HELIO"),
    "mwebv": ("MWEBV",),
    "peak_time": ("PEAKMJD", "SIM_PEAKMJD"),
    "trigger_time": ("MJD_TRIGGER", "MJD_DETECT_FIRST"),
    "ra": ("RA",),
    "dec": ("DEC", "DECL"),
}
_TYPE_NUMBERS = ("SIM_GENTYPE", "GENTYPE", "SIM_TYPE_INDEX", "SNTYPE")


def read_statics(table, columns):
    """Return the standard and the requested columns of a HEAD table.

    Parameters
    ----------
    table : FitsTable
        The HEAD table.

    columns : sequence of str
        Further columns, under their own names.

    Returns
    -------
    statics : dict of ndarray of shape (n_objects,) or (n_objects, k)
        Requested columns that the table does not have are left out.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> from skastro.io._snana_statics import read_statics
    >>> records = np.array([(0.1, 12.0), (-9.0, -9.0)], [("MWEBV", ">f4"), ("DECL", ">f8")])
    >>> statics = read_statics(FitsTable(records, fits.Header(), "x"), ())
    >>> statics["mwebv"].round(2).tolist(), statics["dec"].tolist()
    ([0.1, nan], [12.0, -9.0])
    """
    statics = {}
    for name, sources in _SOURCES.items():
        source = table.find(*sources)
        if source is None:
            continue
        statics[name] = mask_missing(source, table.column(source).astype(float))
        error = table.find(f"{source}_ERR") if name == "redshift" else None
        if error is not None:
            statics["redshift_err"] = mask_missing(error, table.column(error).astype(float))
    for column in columns:
        if table.find(column) is not None:
            statics[column] = mask_missing(column, table.column(column))
    return statics


def read_types(table, readme_types, types):
    """Return the type of each object: a name where there is one, else its number.

    A name comes from `types` (by name or by any number of the HEAD), else from SIM_TYPE_NAME,
    else from `readme_types` by the simulated type.

    Parameters
    ----------
    table : FitsTable
        The HEAD table.

    readme_types : dict of int -> str
        GENTYPE_TO_NAME of the simulation README; may be empty.

    types : dict or None
        Mapping of the user, from numbers or names to names.

    Returns
    -------
    types : ndarray of shape (n_objects,), or None
        None if the table knows no type.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> from skastro.io._snana_statics import read_types
    >>> table = FitsTable(np.array([(1,), (21,)], [("SNTYPE", ">i4")]), fits.Header(), "x")
    >>> read_types(table, {}, {1: "SNIa"}).tolist()
    ['SNIa', 21]
    """
    numbers = [table.column(n) for n in _TYPE_NUMBERS if table.find(n) is not None]
    named = table.find("SIM_TYPE_NAME")
    if not numbers and named is None:
        return None
    found = np.full(len(table), None, object)
    _fill(found, [table.column(named)] if named else [], types)
    _fill(found, numbers, types)
    if named:
        names = table.column(named)
        found = np.where(
            np.equal(found, None) & ~np.isin(names, ["", "NULL", "UNKNOWN"]), names, found
        )
    simulated = [table.column(n) for n in _TYPE_NUMBERS[:3] if table.find(n) is not None]
    _fill(found, simulated, readme_types)
    unnamed = np.equal(found, None)
    if numbers:
        found[unnamed] = numbers[0][unnamed].astype(object)
    return numbers[0] if numbers and unnamed.all() else found


def _fill(found, columns, names):
    """Write names into the places that are still None."""
    for values in columns if names else []:
        for value, name in names.items():
            found[np.equal(found, None) & (values == value)] = name
