"""The observations of a PHOT table as native arrays, in one pass over the file."""

import numpy as np
import pandas as pd

from skastro.io._snana_boundaries import SEPARATOR, object_starts

_CHUNK = 1 << 16
_FIELDS = {
    "time": ("MJD",),
    "band": ("BAND", "FLT"),
    "flux": ("FLUXCAL",),
    "flux_err": ("FLUXCALERR",),
    "photflag": ("PHOTFLAG",),
}


def read_rows(table, n_obs, pointers):
    """Return offsets and rows of the objects of a HEAD, separators left out.

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
        time, band, flux, flux_err, and photflag where the table has it.

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
    """All rows but the separators, and the positions of the separators."""
    columns = {name: table.find(*names) for name, names in _FIELDS.items()}
    for name in ("time", "band", "flux", "flux_err"):
        columns[name] = table.require(*_FIELDS[name])
    columns = {name: column for name, column in columns.items() if column}
    records = table.records
    native = {n: records.dtype[c].newbyteorder("=") for n, c in columns.items()}
    out = {n: np.empty(len(table), native[n]) for n in columns if n != "band"}
    encoder = BandEncoder(len(table))
    separators, stop = [], 0
    for first in range(0, len(table), _CHUNK):
        chunk = records[first : first + _CHUNK]
        keep = np.asarray(chunk[columns["time"]]) != SEPARATOR
        start, stop = stop, stop + int(keep.sum())
        separators.append(first + np.flatnonzero(~keep))
        for name, values in out.items():
            values[start:stop] = chunk[columns[name]][keep]
        encoder.write(slice(start, stop), chunk[columns["band"]][keep])
    rows = {name: values[:stop] for name, values in out.items()}
    rows = {"time": rows.pop("time"), "band": encoder.finish(stop), **rows}
    return rows, np.concatenate(separators) if separators else np.zeros(0, np.int64)


class BandEncoder:
    """Codes of band names, found without looking at the rows one by one.

    Parameters
    ----------
    n_rows : int
        Number of rows at most.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.io._snana_rows import BandEncoder
    >>> encoder = BandEncoder(3)
    >>> encoder.write(slice(0, 3), np.array([b"r", b"g ", b"r "]))
    >>> encoder.finish(3).tolist()
    ['r', 'g', 'r']
    """

    def __init__(self, n_rows):
        self.codes = np.empty(n_rows, np.int16)
        self.known = {}

    def write(self, where, names):
        """Encode the fixed-width byte strings `names` into the rows `where`."""
        words = _as_words(names)
        codes = np.full(len(names), -1, np.int16)
        while (open_rows := codes < 0).any():
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
    """Byte strings as rows of 64-bit words."""
    width = -(-names.dtype.itemsize // 8) * 8
    return np.ascontiguousarray(names.astype(f"S{width}")).view(np.uint64).reshape(len(names), -1)
