"""Binary tables of FITS files as raw records, memory-mapped where that is possible."""

import gzip
import warnings
import zlib
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning

from skastro.exceptions import FormatError

try:
    from isal import igzip as _gzip
except ImportError:
    _gzip = gzip


class FitsTable:
    """The first binary table of a FITS file; columns are found in any letter case.

    Parameters
    ----------
    records : ndarray of a structured dtype, shape (n_rows,)
        The rows in the byte order of the file.

    header : astropy.io.fits.Header
        Primary header.

    name : str
        Name of the file, for messages.

    Examples
    --------
    >>> import numpy as np
    >>> from astropy.io import fits
    >>> from skastro.io._fits_table import FitsTable
    >>> table = FitsTable(np.array([(1.5,)], dtype=[("MJD", ">f8")]), fits.Header(), "x")
    >>> table.column("mjd").tolist(), table.find("DEC", "Mjd")
    ([1.5], 'MJD')
    """

    def __init__(self, records, header, name):
        self.records = records
        self.header = header
        self.name = name
        self._names = {column.upper(): column for column in records.dtype.names}

    def __len__(self):
        return len(self.records)

    def find(self, *names):
        """Return the table's own name of the first of `names` that it has, or None."""
        known = [self._names[name.upper()] for name in names if name.upper() in self._names]
        return known[0] if known else None

    def require(self, *names):
        """Return the table's own name of the first of `names` that it has, or raise."""
        found = self.find(*names)
        if found is None:
            have = ", ".join(self.records.dtype.names)
            raise FormatError(f"{self.name}: no column {' or '.join(names)}; it has {have}")
        return found

    def column(self, name):
        """Return a column in native byte order; text as stripped str."""
        values = np.ascontiguousarray(self.records[self.require(name)])
        if values.dtype.kind == "S":
            return np.char.strip(np.char.decode(values, "latin-1"), " \0").astype(object)
        return values.astype(values.dtype.newbyteorder("="), copy=False)


@contextmanager
def open_table(path):
    """Open the first binary table of a FITS or gzipped FITS file.

    Parameters
    ----------
    path : Path
        The file; compressed if its name ends with ``.gz``.

    Yields
    ------
    table : FitsTable

    Raises
    ------
    FormatError
        The file is truncated, no FITS, or has no binary table.

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
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*truncated.*", AstropyUserWarning)
            hdus = _open_hdus(path)
            with hdus:
                yield _first_table(hdus, path)
    except (OSError, EOFError, zlib.error, AstropyUserWarning) as error:
        if isinstance(error, FileNotFoundError | PermissionError):
            raise
        raise FormatError(f"{path}: truncated or not a FITS file ({error})") from error


def _open_hdus(path):
    if path.suffix.lower() != ".gz":
        return fits.open(path, memmap=True)
    with _gzip.open(path) as stream:
        return fits.HDUList.fromstring(stream.read())


def _first_table(hdus, path):
    tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU)]
    if not tables:
        raise FormatError(f"{path}: holds no binary table")
    data = tables[0].data
    if data is None:
        data = np.zeros(0, tables[0].columns.dtype)
    records = data.view(np.ndarray)
    if len(records) * records.dtype.itemsize != tables[0].header["NAXIS1"] * len(records):
        raise FormatError(f"{path}: rows of {records.dtype.itemsize} bytes do not fit its header")
    for column in tables[0].columns:
        if column.bzero not in (None, "", 0) or column.bscale not in (None, "", 1):
            records = _physical(data, records, column.name)
    return FitsTable(records, hdus[0].header, str(path))


def _physical(data, records, name):
    """Copy of the records in which one scaled column holds its physical values."""
    values = np.asarray(data[name])
    dtype = [
        (n, values.dtype if n == name else records.dtype[n].base, records.dtype[n].shape)
        for n in records.dtype.names
    ]
    copied = np.empty(len(records), dtype)
    for n in records.dtype.names:
        copied[n] = values if n == name else records[n]
    return copied
