"""Spectra, alone or listed in a table together with light curves."""

import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError, ObjectWarning, name_objects
from skastro.io._content import read_bytes
from skastro.io._light_curve_csv import read_light_curve_csv
from skastro.io._many import check_choices, settle_duplicates
from skastro.io._spectrum_columns import parse_unit
from skastro.io._spectrum_fits import read_fits_spectrum
from skastro.io._spectrum_text import read_text_spectrum
from skastro.io._tables import read_csv
from skastro.utils.columns import find_column
from skastro.utils.ragged import nest, sort_rows

_FITS = (".fits", ".fit", ".fts", ".fits.gz", ".fit.gz", ".fits.fz")
_FITS_MAGIC = b"SIMPLE  ="
_COLUMNS = {
    "name": ("name", "ztfid", "object_id"),
    "redshift": ("z", "redshift"),
    "spectrum": ("specfilename", "spectrum_file", "specfile"),
    "lightcurve": ("lcfilename", "lightcurve_file", "lcfile"),
}
_TEXT = tuple(n for k, names in _COLUMNS.items() if k != "redshift" for n in names)
_SPECTRUM = ("wavelength", "flux")
_LIGHT_CURVE = ("time", "band", "flux", "flux_err", "mag", "mag_err")


def read_spectra(
    source: str | Path | Sequence[str | Path] | pd.DataFrame,
    *,
    folder: str | Path | None = None,
    wavelength_unit: str | None = None,
    zero_point: float = 27.5,
    duplicates: str = "raise",
    errors: str = "skip",
) -> NestedFrame:
    """Read spectra from files, or spectra and light curves that a table lists.

    A file that cannot be read leaves its object with an empty spectrum and the reason in the
    column ``quality``, as :class:`skastro.preprocessing.MarkSpectrumQuality` does; one warning
    lists all of them.

    Parameters
    ----------
    source : path, list of paths, or DataFrame
        Files of one spectrum each, or a table (a frame or a CSV file) with the columns
        specfilename and, as far as known, name, z or redshift, type and lcfilename.  Whether a
        file is FITS or text is decided by its first bytes.  Text has two or three columns
        (wavelength, flux, error) separated by blanks or commas, or named columns; ``#`` begins a
        comment.  FITS is an image with the dispersion in its header, or a table.  Light curves
        are CSV files with MJD, mag, emag and filter.

    folder : path, default=None
        Folder of the files in a table; that of the table by default.

    wavelength_unit : str, default=None
        Unit of the wavelengths.  By default the unit that a file states, and Angstrom if it
        states none.  A given unit replaces that of the files.

    zero_point : float, default=27.5
        Magnitude of flux 1 of the light curves.

    duplicates : {"raise", "number", "first"}, default="raise"
        What to do with a file that is listed twice: raise, append ``_2``, ``_3``, ... to the
        index of the others, or keep the first.

    errors : {"skip", "raise"}, default="skip"
        Leave the object of a file that cannot be read empty and list the file in
        ``X.attrs["skipped_files"]``, or raise.  The default is "skip" because the reason stays
        with the object.

    Returns
    -------
    X : NestedFrame
        Index ``object_id``, the file of each spectrum as given; the columns of the table, z as
        redshift, ``quality``, and nested ``spectrum`` (wavelength [Angstrom], flux, and flux_err
        if any file has it, otherwise NaN), sorted by wavelength.  A table that lists light curves
        adds nested ``lightcurve`` (time [MJD], band, flux, flux_err, mag, mag_err), sorted
        by time, and ``lightcurve_quality``.  Several spectra of one object share its ``name``:
        the group of every split.

    Raises
    ------
    FormatError
        No file can be read, any file with ``errors="raise"``, or the table has no column of
        spectra.

    ObjectError
        A file is listed twice with ``duplicates="raise"``.

    ValueError
        `duplicates`, `errors` or `wavelength_unit` is not known.

    Warns
    -----
    ObjectWarning
        Files that cannot be read, all of them by name with the reason; files whose stated unit is
        replaced by another one.

    Notes
    -----
    Spectral axes of FITS [1]_ (WAVE, AWAV, FREQ, ENER, WAVN, also WAVE-LOG and others) become
    wavelengths; those in air stay in air.  Velocities are refused.  Magnitudes of at least 90 in
    absolute value (99, -999) are missing: NaN, as are their fluxes.

    References
    ----------
    .. [1] E. W. Greisen et al., A&A 446, 747 (2006).

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
    check_choices("read_spectra", duplicates, errors)
    if wavelength_unit is not None:
        _check_unit(wavelength_unit)
    table, folder = _open_table(source, folder)
    files = table.index
    table = settle_duplicates(
        table.assign(_file=files), duplicates=duplicates, owner="read_spectra"
    )
    paths = [folder / file for file in table.pop("_file")]
    spectra, faults = _read_all(paths, lambda path: _read_spectrum(path, wavelength_unit))
    X = NestedFrame(table.drop(columns="_lightcurve", errors="ignore"))
    X = X.assign(quality=faults, spectrum=_nest(spectra, _SPECTRUM, "wavelength", table.index))
    lost = [(table.index[i], fault) for i, fault in enumerate(faults) if fault]
    n_lost = len(lost)
    if "_lightcurve" in table:
        X, more = _join_light_curves(X, table["_lightcurve"], folder, zero_point)
        lost += more
    _tell(lost, errors, all_lost=n_lost == len(table))
    _tell_units(table.index, spectra, wavelength_unit)
    if lost:
        X.attrs["skipped_files"] = [file for file, _ in lost]
    return X


def _check_unit(unit: str) -> None:
    try:
        parse_unit(unit)
    except ValueError as error:
        raise ValueError(f"read_spectra: wavelength_unit is {unit!r}: {error}") from None


def _tell(lost: list[tuple[str, str]], errors: str, *, all_lost: bool) -> None:
    """Raise or warn with the reason for each file that cannot be read."""
    if all_lost:
        raise FormatError(_report("read_spectra: no spectrum could be read", lost))
    if not lost:
        return
    message = _report(f"read_spectra: {len(lost)} files could not be read", lost)
    if errors == "raise":
        raise FormatError(f"{message}\nerrors='skip' leaves their objects empty")
    warnings.warn(message, ObjectWarning, stacklevel=3)


def _tell_units(index: pd.Index, spectra: list[dict | None], unit: str | None) -> None:
    if unit is None:
        return
    other = [
        name
        for name, rows in zip(index, spectra)
        if rows and rows.get("stated") and not _is_same_unit(rows["stated"], unit)
    ]
    if other:
        warnings.warn(
            f"read_spectra: wavelength_unit={unit!r} replaces another unit that files state: "
            f"{name_objects(other)}",
            ObjectWarning,
            stacklevel=3,
        )


def _is_same_unit(stated: str, unit: str) -> bool:
    try:
        return parse_unit(stated) == parse_unit(unit)
    except ValueError:
        return False


def _open_table(
    source: str | Path | Sequence[str | Path] | pd.DataFrame, folder: str | Path | None
) -> tuple[pd.DataFrame, Path]:
    """Return a table indexed by the file of each spectrum, and the folder of the files."""
    folder = None if folder is None else Path(folder)
    if isinstance(source, (str, Path)) and _is_table(Path(source)):
        folder = Path(source).parent if folder is None else folder
        source = read_csv(source, text=_TEXT)
    folder = Path() if folder is None else folder
    if isinstance(source, pd.DataFrame):
        table = _standard(source)
    else:
        files = [source] if isinstance(source, (str, Path)) else list(source)
        table = pd.DataFrame(index=pd.Index([str(f) for f in files], name="object_id"))
    if len(table) == 0:
        raise FormatError("read_spectra: no file is given")
    return table, folder


def _is_table(path: Path) -> bool:
    if path.suffix.lower() != ".csv" or not path.exists():
        return False
    with open(path, errors="replace", encoding="utf-8-sig") as file:
        header = next((line for line in file if not line.startswith("#")), "")
    names = [word.strip().strip('"') for word in header.replace(";", ",").split(",")]
    return find_column(names, _COLUMNS["spectrum"]) is not None


def _standard(table: pd.DataFrame) -> pd.DataFrame:
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


def _read_spectrum(path: Path, unit: str | None) -> dict:
    content = read_bytes(path)
    is_fits = content.startswith(_FITS_MAGIC) or path.name.lower().endswith(_FITS)
    rows = (read_fits_spectrum if is_fits else read_text_spectrum)(path, content, unit)
    usable = np.isfinite(rows["wavelength"]) & np.isfinite(rows["flux"])
    if usable.sum() < 2:
        raise FormatError(f"{path}: less than two finite values")
    return rows


def _read_all(
    paths: Sequence[Path | None], read: Callable[[Path], dict]
) -> tuple[list[dict | None], np.ndarray]:
    """Return the rows of each file, None where there are none, and the reasons."""
    found, faults = [], []
    for path in paths:
        try:
            found.append(None if path is None else read(path))
            faults.append("")
        # A damaged FITS file makes astropy raise nearly every built-in type.
        except Exception as error:
            found.append(None)
            text = str(error) or type(error).__name__
            faults.append(text.removeprefix(f"{path}: "))
    return found, np.array(faults, object)


def _nest(objects: list[dict | None], fields: Sequence[str], by: str, index: pd.Index) -> pd.Series:
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


def _join_light_curves(
    X: NestedFrame, files: pd.Series, folder: Path, zero_point: float
) -> tuple[NestedFrame, list[tuple[str, str]]]:
    paths = [None if pd.isna(file) or not str(file).strip() else folder / file for file in files]
    found, faults = _read_all(paths, lambda path: read_light_curve_csv(path, zero_point))
    nested = _nest(found, _LIGHT_CURVE, "time", X.index)
    lost = [(file, fault) for file, fault in zip(files, faults) if fault]
    return X.assign(lightcurve_quality=faults, lightcurve=nested), lost


def _report(begin: str, lost: list[tuple[str, str]]) -> str:
    return "\n".join([f"{begin}:", *(f"  {file}: {fault}" for file, fault in lost)])
