"""Binary tables of FITS files, memory-mapped where that is possible."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._content import is_gzip, read_bytes
from skastro.utils.columns import find_column

# The FITS standard allows no more; a damaged header that claims more costs gigabytes.
_MOST_FIELDS = 999
# The sum of 32-bit words with end-around carry, see the FITS standard 4.0, section 4.4.2.7.
_CHECKSUM_MODULUS = 2**32 - 1


class FitsTable:
    """The first binary table of a FITS file; columns are found in any letter case.

    Plain numbers and text are read straight from the records of the file.  Columns that need
    interpretation (logical, scaled, with TNULL, of variable length) are read by astropy.

    Parameters
    ----------
    records : ndarray of a structured dtype, shape (n_rows,)
        The rows in the byte order of the file.

    header : astropy.io.fits.Header
        Primary header.

    name : str
        Name of the file, for messages.

    special : dict of str -> callable, default=None
        Reads the columns that need interpretation.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> table = FitsTable(np.array([(1.5,)], dtype=[("MJD", ">f8")]), fits.Header(), "x")
    >>> table.column("mjd").tolist(), table.find("DEC", "Mjd")
    ([1.5], 'MJD')
    """

    def __init__(self, records, header, name, special=None):
        self.records = records
        self.header = header
        self.name = name
        self._special = special or {}

    def __len__(self):
        return len(self.records)

    @property
    def names(self):
        """Names of the columns."""
        return list(self.records.dtype.names)

    def find(self, *names):
        """Return the table's own name of the first of `names` that it has, or None."""
        return find_column(self.names, [name.lower() for name in names])

    def require(self, *names):
        """Return the table's own name of the first of `names` that it has, or raise."""
        found = self.find(*names)
        if found is None:
            wanted = " or ".join(name.upper() for name in names)
            raise FormatError(f"{self.name}: no column {wanted}; it has {', '.join(self.names)}")
        return found

    def column(self, name: str) -> NDArray | pd.api.extensions.ExtensionArray:
        """Return a column in native byte order; text as stripped str.

        Logical columns are bool, or nullable boolean with missing values; integers with missing
        values are nullable; arrays of variable length are padded with NaN.
        """
        name = self.require(name)
        values = self.raw(name)
        if not isinstance(values, np.ndarray):
            return values
        values = np.ascontiguousarray(values)
        if values.dtype.kind == "S":
            # FITS pads text with blanks or zero bytes; latin-1 reads whatever is not ASCII.
            return np.char.strip(np.char.decode(values, "latin-1"), " \0").astype(object)
        # FITS is big-endian, which pandas and torch refuse.
        return values.astype(values.dtype.newbyteorder("="), copy=False)

    def keyword(self, name, default):
        """Return a keyword of the primary header, or a default."""
        try:
            # astropy reads a card, and finds it damaged, only now.
            return self.header.get(name, default)
        except fits.VerifyError as error:
            raise FormatError(f"{self.name}: damaged header, {name}: {error}") from error

    def raw(self, name):
        """Return a column as stored in the file if it needs no interpretation."""
        return self._special[name]() if name in self._special else self.records[name]


@contextmanager
def open_table(path: str | Path) -> Iterator[FitsTable]:
    """Open the first binary table of a FITS file, gzipped or not.

    Parameters
    ----------
    path : str or Path
        The file; whether it is gzipped is decided by its first bytes.

    Yields
    ------
    table : FitsTable

    Raises
    ------
    FormatError
        The file is truncated or damaged, not FITS, or has no binary table.

    Examples
    --------
    >>> import tempfile, pathlib, numpy as np
    >>> from astropy.table import Table
    >>> from skastro.io._fits_table import open_table
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "x_HEAD.FITS"
    ...     Table({"NOBS": [3, 4]}).write(path, format="fits")
    ...     with open_table(path) as table:
    ...         table.column("nobs").tolist()
    [3, 4]
    """
    path = Path(path)
    hdus, table = _read(path)
    with hdus:
        yield table


def _read(path):
    # A damaged header makes astropy raise nearly any exception.
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)
            # astropy only warns of a file that ends early.
            warnings.filterwarnings("error", ".*truncated.*", AstropyUserWarning)
            hdus = _open_hdus(path)
            return hdus, _first_table(hdus, path)
    except (FormatError, FileNotFoundError, PermissionError):
        raise
    except Exception as error:
        cause = str(error) or type(error).__name__
        raise FormatError(f"{path}: truncated, damaged or not a FITS file ({cause})") from error


def _open_hdus(path):
    if is_gzip(path):
        return fits.HDUList.fromstring(read_bytes(path))
    return fits.open(path, memmap=True)


def check_fields(hdu: fits.BinTableHDU, path: str | Path) -> None:
    """Raise FormatError if a header claims more columns than FITS allows."""
    if not 0 <= hdu.header.get("TFIELDS", 0) <= _MOST_FIELDS:
        raise FormatError(f"{path}: damaged header, TFIELDS = {hdu.header['TFIELDS']}")


def _first_table(hdus, path):
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    if not tables:
        packed = any(hdu.header.get("ZTABLE") for hdu in hdus)
        hint = "; decompress it with funpack" if packed else ""
        raise FormatError(f"{path}: holds no binary table{hint}")
    check_fields(tables[0], path)
    _check_sum(tables[0], path)
    if tables[0].header.get("ZTABLE"):
        raise FormatError(f"{path}: a tile-compressed table; decompress it with funpack")
    columns = tables[0].columns
    if len({column.name.upper() for column in columns}) < len(columns):
        raise FormatError(f"{path}: two columns have one name: {', '.join(columns.names)}")
    data = tables[0].data
    if data is None:
        data = np.zeros(0, columns.dtype).view(fits.FITS_rec)
    # FITS_rec would convert and keep each column; the plain view reads the mapped file.
    records = data.view(np.ndarray)
    if len(records) * records.dtype.itemsize != tables[0].header["NAXIS1"] * len(records):
        raise FormatError(f"{path}: rows of {records.dtype.itemsize} bytes do not fit its header")
    special = {c.name: _reader(data, records, c, path) for c in columns if _needs_astropy(c)}
    return FitsTable(records, hdus[0].header, str(path), special)


def _check_sum(hdu, path):
    """Raise FormatError if the data do not have the DATASUM of the header, if there is one."""
    place = hdu.fileinfo()
    if "DATASUM" not in hdu.header or not place or is_gzip(path):
        return
    words = np.memmap(path, ">u4", "r", place["datLoc"], place["datSpan"] // 4)
    found = int(words.sum(dtype=np.uint64)) % _CHECKSUM_MODULUS
    if int(hdu.header["DATASUM"]) % _CHECKSUM_MODULUS != found:
        raise FormatError(f"{path}: damaged, the data do not have the DATASUM of the header")


def _needs_astropy(column):
    return (
        column.format.format in ("L", "P", "Q", "C", "M", "X")
        or column.null not in (None, "")
        or column.bzero not in (None, "", 0)
        or column.bscale not in (None, "", 1)
    )


def _reader(data, records, column, path):
    def read():
        kind = column.format.format
        if kind == "L":
            return _logical(records[column.name])
        if kind in ("P", "Q"):
            return _padded(data[column.name], column, path)
        if kind in ("C", "M", "X"):
            raise FormatError(f"{path}: column {column.name!r} of format {kind} cannot be read")
        return _nullable(np.asarray(data[column.name]), records[column.name], column.null)

    return read


def _logical(raw):
    """Return T and F as booleans; any other byte is missing."""
    raw = np.asarray(raw).view(np.uint8)
    known = np.isin(raw, [ord("T"), ord("F"), 1])
    flags = np.isin(raw, [ord("T"), 1])
    return flags if known.all() or flags.ndim > 1 else pd.arrays.BooleanArray(flags, ~known)


def _padded(arrays, column, path):
    arrays = [np.asarray(array) for array in arrays]
    if any(array.dtype.kind not in "fiub" for array in arrays):
        raise FormatError(f"{path}: column {column.name!r} holds texts of variable length")
    values = np.full((len(arrays), max(map(len, arrays), default=0)), np.nan)
    for row, array in zip(values, arrays):
        row[: len(array)] = array
    return values


def _nullable(values, raw, null):
    """Return physical values in which those of TNULL are missing."""
    if null in (None, ""):
        return values
    missing = np.asarray(raw) == int(null)
    if not missing.any():
        return values
    if values.dtype.kind == "f" or values.ndim > 1:
        return np.where(missing, np.nan, values)
    return pd.arrays.IntegerArray(values.astype(np.int64), missing)
