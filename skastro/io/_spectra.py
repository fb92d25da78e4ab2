"""Spectra, alone or listed in a table together with light curves."""

import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io._light_curve_csv import read_light_curve_csv
from skastro.io._spectrum_columns import find_column
from skastro.io._spectrum_fits import read_fits_spectrum
from skastro.io._spectrum_text import read_text_spectrum
from skastro.utils.ragged import nest, sort_rows

_FITS = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz")
_COLUMNS = {
    "name": ("name", "ztfid", "object_id"),
    "redshift": ("z", "redshift"),
    "spectrum": ("specfilename", "spectrum_file", "specfile"),
    "lightcurve": ("lcfilename", "lightcurve_file", "lcfile"),
}
_SPECTRUM = ("wavelength", "flux")
_LIGHT_CURVE = ("time", "band", "flux", "flux_err", "mag", "mag_err")


def read_spectra(source, *, folder=None, wavelength_unit="Angstrom", zero_point=27.5):
    """Read spectra from files, or spectra and light curves that a table lists.

    A file that cannot be read leaves its object with an empty spectrum and the reason in the
    column ``quality``, as of :class:`skastro.preprocessing.MarkQuality`; one warning lists all
    of them.

    Parameters
    ----------
    source : path, list of paths, or DataFrame
        Files of one spectrum each, or a table (a frame or a CSV file) with the columns
        specfilename and, as far as known, name, z or redshift, type and lcfilename.  Text has two
        or three columns (wavelength, flux, error) between blanks or commas, ``#`` begins a
        comment; FITS is an IRAF image or a table.  Light curves are CSV files with MJD, mag, emag
        and filter.

    folder : path, default=None
        Where the files of a table lie; by default beside the table.

    wavelength_unit : str, default="Angstrom"
        Unit of the wavelengths of files that do not tell their own.

    zero_point : float, default=27.5
        Magnitude of flux 1 of the light curves.

    Returns
    -------
    X : NestedFrame
        Index ``object_id``, the file of each spectrum as given; the columns of the table, z as
        redshift, ``quality``, and nested ``spectrum`` (wavelength [Angstrom], flux, and flux_err
        if any file has it, else NaN), sorted by wavelength.  A table that lists light curves
        gives also nested ``lightcurve`` (time [MJD], band, flux, flux_err, mag, mag_err), sorted
        by time, and ``lightcurve_quality``.  Several spectra of one object share its ``name``:
        the group of every split.

    Raises
    ------
    FormatError
        No file can be read, or the table has no column of spectra.

    ObjectError
        A file is listed twice.

    Warns
    -----
    ObjectWarning
        Files that cannot be read, all of them by name with the reason.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import read_spectra
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "a.dat"
    ...     _ = path.write_text("# SEDM" + chr(10) + "4000 1.5" + chr(10) + "4010 1.25")
    ...     read_spectra([path])["spectrum"].iloc[0]["flux"].tolist()
    [1.5, 1.25]
    """
    table, folder = _open_table(source, folder)
    spectra, faults = _read_all(
        [folder / file for file in table.index], _reader_of_spectra(wavelength_unit)
    )
    X = NestedFrame(table.drop(columns="_lightcurve", errors="ignore"))
    X = X.assign(quality=faults, spectrum=_nest(spectra, _SPECTRUM, "wavelength", table.index))
    lost = [(table.index[i], fault) for i, fault in enumerate(faults) if fault]
    if len(lost) == len(table):
        raise FormatError(_report("read_spectra: no spectrum could be read", lost))
    if "_lightcurve" in table:
        X, more = _join_light_curves(X, table["_lightcurve"], folder, zero_point)
        lost += more
    if lost:
        message = _report(f"read_spectra: {len(lost)} files could not be read", lost)
        warnings.warn(message, ObjectWarning, stacklevel=2)
    return X


def _open_table(source, folder):
    """Return a table indexed by the file of each spectrum, and the folder of the files."""
    folder = None if folder is None else Path(folder)
    if isinstance(source, (str, Path)) and _is_table(Path(source)):
        folder = Path(source).parent if folder is None else folder
        source = pd.read_csv(source, comment="#", skipinitialspace=True)
    folder = Path() if folder is None else folder
    if isinstance(source, pd.DataFrame):
        table = _standard(source)
    else:
        files = [source] if isinstance(source, (str, Path)) else list(source)
        table = pd.DataFrame(index=pd.Index([str(f) for f in files], name="object_id"))
    if len(table) == 0:
        raise FormatError("read_spectra: no file is given")
    if table.index.has_duplicates:
        twice = table.index[table.index.duplicated()].unique()
        raise ObjectError("read_spectra: a file is given twice", twice)
    return table, folder


def _is_table(path):
    if path.suffix.lower() != ".csv":
        return False
    with open(path, errors="replace") as file:
        header = next((line for line in file if not line.startswith("#")), "")
    names = [word.strip().strip('"') for word in header.split(",")]
    return find_column(names, _COLUMNS["spectrum"]) is not None


def _standard(table):
    found = {name: find_column(table.columns, aliases) for name, aliases in _COLUMNS.items()}
    if found["spectrum"] is None:
        known = list(table.columns)
        raise FormatError(f"read_spectra: no column specfilename in the table, only {known}")
    missing = table[found["spectrum"]].isna()
    if missing.any():
        raise ObjectError("read_spectra: no specfilename in the rows", table.index[missing])
    index = pd.Index(table[found["spectrum"]].astype(str), name="object_id")
    new = {found[k]: k for k in ("name", "redshift") if found[k] is not None}
    if found["lightcurve"] is not None:
        new[found["lightcurve"]] = "_lightcurve"
    return table.drop(columns=found["spectrum"]).rename(columns=new).set_axis(index)


def _reader_of_spectra(unit):
    def read(path):
        fits = path.name.lower().endswith(_FITS)
        rows = read_fits_spectrum(path, unit) if fits else read_text_spectrum(path, unit)
        usable = np.isfinite(rows["wavelength"]) & np.isfinite(rows["flux"])
        if usable.sum() < 2:
            raise FormatError(f"{path}: less than two finite values")
        return rows

    return read


def _read_all(paths, read):
    """Return the rows of each file, None where there are none, and the reasons."""
    found, faults = [], []
    for path in paths:
        try:
            found.append(None if path is None else read(path))
            faults.append("")
        except (FormatError, OSError, ValueError, TypeError, KeyError) as error:
            found.append(None)
            text = str(error) if isinstance(error, FormatError) else f"{path}: {error}"
            faults.append(text.removeprefix(f"{path}: "))
    return found, np.array(faults, object)


def _nest(objects, fields, by, index):
    """Join the rows of all objects; a field that an object lacks is NaN."""
    known = {name for rows in objects if rows for name in rows}
    fields = [*fields, *(f for f in ("flux_err",) if f in known and f not in fields)]
    lengths = [len(rows[by]) if rows else 0 for rows in objects]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    joined = {}
    for name in fields:
        parts = [rows.get(name, np.full(n, np.nan)) for rows, n in zip(objects, lengths) if rows]
        joined[name] = np.concatenate(parts) if parts else np.empty(0)
    return nest(offsets, sort_rows(offsets, joined, by), index)


def _join_light_curves(X, files, folder, zero_point):
    paths = [None if pd.isna(file) or not str(file).strip() else folder / file for file in files]
    found, faults = _read_all(paths, lambda path: read_light_curve_csv(path, zero_point))
    nested = _nest(found, _LIGHT_CURVE, "time", X.index)
    lost = [(file, fault) for file, fault in zip(files, faults) if fault]
    return X.assign(lightcurve_quality=faults, lightcurve=nested), lost


def _report(begin, lost):
    return "\n".join([f"{begin}:", *(f"  {file}: {fault}" for file, fault in lost)])
