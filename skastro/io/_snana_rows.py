"""The observations of a PHOT table as native arrays, in one pass over the file."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._fits_table import FitsTable
from skastro.io._snana_boundaries import SEPARATOR, object_starts
from skastro.utils.columns import FIELD_ALIASES, to_flags

_CHUNK = 1 << 16
# Each name costs a pass over the rows; a damaged column has one for every row.
_MOST_BANDS = 1000
_NEEDED = ("time", "band", "flux", "flux_err")
_FIELDS = (*_NEEDED, "photflag", "detected")
SPELLINGS = {"time": "MJD", "band": "BAND or FLT", "flux": "FLUXCAL", "flux_err": "FLUXCALERR"}
"""SNANA's own names of the fields, for messages."""


def read_rows(
    table: FitsTable, n_obs: NDArray, pointers: tuple[NDArray, NDArray] | None
) -> tuple[NDArray, dict]:
    """Return offsets and rows of the objects of a HEAD file, without the separators.

    Parameters
    ----------
    table : FitsTable
        The PHOT table.

    n_obs, pointers
        See :func:`object_starts`.

    Returns
    -------
    offsets : ndarray of shape (n_objects + 1,)
        Object ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    rows : dict of ndarray or Categorical
        time, band, flux, flux_err, and photflag and detected where the table has them.

    Raises
    ------
    FormatError
        A column is missing or has the wrong type.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> from skastro.io._snana_rows import read_rows
    >>> dtype = [("MJD", ">f8"), ("FLT", "S2"), ("FLUXCAL", ">f4"), ("FLUXCALERR", ">f4")]
    >>> records = np.array([(5.0, b"g", 1.0, 0.1), (-777.0, b"-", 0.0, 0.0)], dtype)
    >>> offsets, rows = read_rows(FitsTable(records, fits.Header(), "x"), np.array([1]), None)
    >>> offsets.tolist(), rows["band"].tolist()
    ([0, 1], ['g'])
    """
    rows, separators = _observations(table)
    starts = object_starts(len(table), separators, n_obs, pointers, table.name)
    starts = starts - np.searchsorted(separators, starts)
    offsets = np.concatenate([[0], np.cumsum(n_obs, dtype=np.int64)])
    if offsets[-1] == len(rows["time"]) and (starts == offsets[:-1]).all():
        return offsets, rows
    picked = np.arange(offsets[-1]) + np.repeat(starts - offsets[:-1], n_obs)
    return offsets, {name: values[picked] for name, values in rows.items()}


def _observations(table):
    """Return all rows but the separators, and the positions of the separators."""
    raw = _raw_columns(table)
    kinds = {name: _kind(name, values.dtype) for name, values in raw.items() if name != "band"}
    out = {name: np.empty(len(table), kind) for name, kind in kinds.items()}
    encoder = BandEncoder(len(table), table.name)
    separators, stop = [], 0
    for first in range(0, len(table), _CHUNK):
        chunk = {name: values[first : first + _CHUNK] for name, values in raw.items()}
        keep = np.asarray(chunk["time"]) != SEPARATOR
        start, stop = stop, stop + int(keep.sum())
        separators.append(first + np.flatnonzero(~keep))
        for name, values in out.items():
            values[start:stop] = chunk[name][keep]
        encoder.write(slice(start, stop), chunk["band"][keep])
    rows = {name: values[:stop] for name, values in out.items()}
    rows = {"time": rows.pop("time"), "band": encoder.finish(stop), **rows}
    return rows, np.concatenate(separators) if separators else np.zeros(0, np.int64)


def _raw_columns(table):
    """Return the columns of the fields, those of plain numbers without a copy."""
    columns = {name: table.find(*FIELD_ALIASES[name]) for name in _FIELDS}
    for name in _NEEDED:
        if columns[name] is None:
            raise FormatError(
                f"{table.name}: no column {SPELLINGS[name]}; it has {', '.join(table.names)}"
            )
    raw = {}
    for name, column in columns.items():
        if column is None:
            continue
        values = table.raw(column)
        if values.ndim > 1 or (values.dtype.kind == "S") != (name == "band"):
            raise FormatError(
                f"{table.name}: column {column!r} must hold one "
                f"{'text' if name == 'band' else 'number'} per row"
            )
        raw[name] = _plain(column, name, values, table)
    return raw


def _plain(column, name, values, table):
    """Return plain arrays of columns that astropy had to interpret, and of flags."""
    if name == "detected":
        try:
            return to_flags(column, values)
        except ValueError as error:
            raise FormatError(f"{table.name}: {error}") from None
    if name == "photflag":
        return _flag_bits(values)
    if not isinstance(values, np.ndarray):
        return values.to_numpy(np.float64, na_value=np.nan)
    return values


def _flag_bits(values):
    """Return PHOTFLAG as integers; missing and negative values, as -9, have no bit set."""
    if not isinstance(values, np.ndarray):
        values = values.to_numpy(np.int64, na_value=0)
    if values.dtype.kind == "f":
        values = np.nan_to_num(values).astype(np.int64)
    return np.where(values < 0, 0, values) if (values < 0).any() else values


def _kind(name, dtype):
    """Return the dtype of a field: times are float64, fluxes floats, PHOTFLAG at least int32."""
    if name == "time":
        return np.dtype(np.float64)
    if name == "photflag":
        return np.dtype(np.int32 if dtype.itemsize <= 4 else np.int64)
    if name == "detected" or dtype.kind == "f":
        return dtype.newbyteorder("=")
    return np.dtype(np.float64)


class BandEncoder:
    """Codes of band names, found without looking at the rows one by one.

    Parameters
    ----------
    n_rows : int
        Largest number of rows.

    file : str, default=""
        Name of the file, for messages.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.io._snana_rows import BandEncoder
    >>> encoder = BandEncoder(3)
    >>> encoder.write(slice(0, 3), np.array([b"r", b"g ", b"r "]))
    >>> encoder.finish(3).tolist()
    ['r', 'g', 'r']
    """

    def __init__(self, n_rows: int, file: str = ""):
        self.codes = np.empty(n_rows, np.int16)
        self.known: dict[bytes, int] = {}
        self.file = file

    def write(self, where, names):
        """Encode the fixed-width byte strings `names` into the rows `where`."""
        words = _as_words(names)
        codes = np.full(len(names), -1, np.int16)
        while (open_rows := codes < 0).any():
            if len(self.known) > _MOST_BANDS:
                raise FormatError(f"{self.file}: more than {_MOST_BANDS} names of bands")
            first = int(open_rows.argmax())
            same = (words == words[first]).all(axis=1)
            codes[same] = self.known.setdefault(names[first].tobytes(), len(self.known))
        self.codes[where] = codes

    def finish(self, n_rows):
        """Return the first `n_rows` as a Categorical of stripped names."""
        texts = [raw.decode("latin-1").strip(" \0") for raw in self.known]
        names = list(dict.fromkeys(texts))
        merged = np.array([names.index(text) for text in texts], np.int16)
        codes = merged[self.codes[:n_rows]] if names else self.codes[:0]
        return pd.Categorical.from_codes(codes, pd.Index(names, dtype=object))


def _as_words(names):
    """Return byte strings as rows of 64-bit words."""
    width = -(-names.dtype.itemsize // 8) * 8
    return np.ascontiguousarray(names.astype(f"S{width}")).view(np.uint64).reshape(len(names), -1)
