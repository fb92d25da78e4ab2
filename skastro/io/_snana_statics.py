"""Static columns and types of a SNANA HEAD file or text header under standard names."""

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.taxonomy import ELASTICC
from skastro.utils.columns import TYPE_ALIASES, standard_columns
from skastro.utils.missing import mask_missing

_NO_NAME = ("", "NULL", "UNKNOWN")
# Types that SNANA counts as Ia: neither 91bg nor Iax.
_IA = ["Ia", "SNIa", "SN Ia", *(n for n, node in ELASTICC.synonyms.items() if node == "SNIa")]


class Table(Protocol):
    """What the columns of objects are read from: a HEAD table, or headers of text files."""

    name: str

    @property
    def names(self) -> list[str]:
        """Names of the columns."""

    def __len__(self) -> int: ...

    def find(self, *names: str) -> str | None:
        """Return the table's own name of the first of `names` that it has, or None."""

    def column(self, name: str) -> NDArray:
        """Return the values of a column."""


def read_statics(table: Table, columns: Sequence[str]) -> dict[str, NDArray]:
    """Return all standard columns and the requested ones, with NaN for missing values.

    Parameters
    ----------
    table : Table
        The HEAD table.

    columns : sequence of str
        Further columns, under their own names.

    Returns
    -------
    statics : dict of ndarray of shape (n_objects,) or (n_objects, k)
        :data:`skastro.utils.columns.STANDARD_COLUMNS` in their order, then the requested columns
        that the table has.

    Raises
    ------
    FormatError
        A standard column does not hold numbers.

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
    try:
        statics = standard_columns(table.names, table.column, len(table))
    except ValueError as error:
        raise FormatError(f"{table.name}: {error}") from error
    for column in columns:
        if table.find(column) is not None:
            values = table.column(column)
            plain = isinstance(values, np.ndarray)
            statics[column] = mask_missing(column, values) if plain else values
    return statics


def read_types(
    table: Table, readme_types: Mapping[int, str], types: Mapping | None
) -> NDArray | None:
    """Return the types as names where the file knows any, else as numbers.

    An object without a name then has its number as text.  A name comes from `types` (by name or
    by any number of the HEAD file), else from SIM_TYPE_NAME, else from `readme_types` by the
    simulated type.

    Parameters
    ----------
    table : Table
        The HEAD table.

    readme_types : dict of int -> str
        GENTYPE_TO_NAME of the simulation README; may be empty.

    types : dict or None
        Mapping of the user, from numbers or names to names.

    Returns
    -------
    types : ndarray or IntegerArray of shape (n_objects,), or None
        Missing where the file says so; None if the table knows no type.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> from skastro.io._snana_statics import read_types
    >>> table = FitsTable(np.array([(1,), (21,)], [("SNTYPE", ">i4")]), fits.Header(), "x")
    >>> read_types(table, {}, {1: "SNIa"}).tolist()
    ['SNIa', '21']
    """
    numbers = [table.column(name) for name in TYPE_ALIASES if table.find(name) is not None]
    named = table.find("SIM_TYPE_NAME")
    if not numbers and named is None:
        return None
    found = np.full(len(table), None, object)
    names = table.column(named) if named else np.full(len(table), "", object)
    _fill(found, [names], types)
    _fill(found, numbers, types)
    is_named = ~np.isin(names.astype(str), [*_NO_NAME, "None"])
    found = np.where(pd.isna(found) & is_named, names, found)
    # The README numbers the simulated types; SNTYPE may be another numbering.
    simulated = [table.column(name) for name in TYPE_ALIASES[:3] if table.find(name) is not None]
    _fill(found, simulated, readme_types)
    unnamed = pd.isna(found)
    number = _numbers(numbers[0]) if numbers else np.full(len(table), None, object)
    if numbers and unnamed.all():
        return number
    known = unnamed & ~pd.isna(number)
    found[known] = [str(value) for value in np.asarray(number, object)[known]]
    return found


def _numbers(values):
    """Return the numbers of types, missing where they are a sentinel."""
    plain = isinstance(values, np.ndarray) and values.dtype.kind in "iu"
    return mask_missing("SNTYPE", values.astype(np.int64)) if plain else values


def _fill(found, columns, names):
    """Write names where there is none yet."""
    for values in columns if names else []:
        for value, name in names.items():
            found[pd.isna(found) & (values == value)] = name


def is_binary(types: Mapping | str | None) -> bool:
    """Return whether ``types="Ia"`` requests binary types.

    Raises
    ------
    ValueError
        `types` is another string.
    """
    if isinstance(types, str) and types != "Ia":
        raise ValueError(f"types={types!r} is neither a dict nor 'Ia'")
    return isinstance(types, str)


def read_binary_types(table: Table, readme_is_ia: Mapping[int, bool]) -> NDArray:
    """Return ``"Ia"`` or ``"nonIa"`` for each object.

    Parameters
    ----------
    table : Table
        The HEAD table.

    readme_is_ia : dict of int -> bool
        Column (non)Ia of the simulation README by simulated type; may be empty.

    Returns
    -------
    types : ndarray of str, shape (n_objects,)

    Raises
    ------
    FormatError
        Some objects have neither a type in the README nor the name of a type.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> from skastro.io._snana_statics import read_binary_types
    >>> table = FitsTable(np.array([(1,), (21,)], [("GENTYPE", ">i4")]), fits.Header(), "x")
    >>> read_binary_types(table, {1: True, 21: False}).tolist()
    ['Ia', 'nonIa']
    """
    found = np.full(len(table), None, object)
    words = {number: "Ia" if is_ia else "nonIa" for number, is_ia in readme_is_ia.items()}
    simulated = [table.column(name) for name in TYPE_ALIASES[:3] if table.find(name) is not None]
    _fill(found, simulated, words)
    named = table.find("SIM_TYPE_NAME")
    if named:
        names = table.column(named).astype(str)
        by_name = np.where(np.isin(names, _IA), "Ia", "nonIa").astype(object)
        found = np.where(pd.isna(found) & ~np.isin(names, _NO_NAME), by_name, found)
    if pd.isna(found).any():
        raise FormatError(
            f"{table.name}: types='Ia' needs the types of the simulation README or SIM_TYPE_NAME; "
            f"{int(pd.isna(found).sum())} objects have neither"
        )
    return found
