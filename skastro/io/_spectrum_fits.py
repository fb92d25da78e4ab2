"""Spectra in FITS: images and binary tables."""

import io
import re
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._spectrum_axis import wavelength_axis
from skastro.io._spectrum_columns import pick_columns, to_angstrom

# The FITS standard allows no more axes or columns; a damaged header that claims more costs
# gigabytes or hours.
_MOST = 999
_COUNTS = re.compile(rb"(NAXIS   |TFIELDS )= *(\d+)")
_CARD = 80


def read_fits_spectrum(path: Path, content: bytes, unit: str | None) -> dict[str, Any]:
    """Return the fields of the spectrum in a FITS file.

    The first row of the first image counts; the row that BANDID calls sigma holds the errors.
    Without a dispersion in its header, the first table with a column of wavelengths counts, with
    one row per wavelength or all of them in one row.

    Parameters
    ----------
    path : Path
        The file, for messages.

    content : bytes
        The file, decompressed.

    unit : str or None
        Unit of the wavelengths that replaces that of the file.

    Returns
    -------
    rows : dict of str -> ndarray
        wavelength [Angstrom], flux and, if there is one, flux_err; and "stated", the unit that
        the file states, or None.

    Raises
    ------
    FormatError
        No spectrum, a truncated file, or a dispersion that is not supported.
    """
    _check_cards(path, content)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)
        warnings.filterwarnings("error", ".*truncated.*", AstropyUserWarning)
        with fits.open(io.BytesIO(content), memmap=False) as hdus:
            tables = [hdu for hdu in hdus if _is_table(hdu)]
            images = [hdu for hdu in hdus if hdu.is_image and hdu.data is not None]
            return _read(path, images, tables, unit)


def _is_table(hdu: Any) -> bool:
    is_table = isinstance(hdu, fits.BinTableHDU | fits.TableHDU)
    return is_table and not isinstance(hdu, fits.CompImageHDU)


def _check_cards(path: Path, content: bytes) -> None:
    """Refuse headers that claim more than the standard allows, before astropy counts so far."""
    for card in _COUNTS.finditer(content):
        if card.start() % _CARD == 0 and int(card.group(2)) > _MOST:
            key = card.group(1).decode().strip()
            raise FormatError(f"{path}: damaged header, {key} = {card.group(2).decode()}")


def _read(path: Path, images: list, tables: list, unit: str | None) -> dict[str, Any]:
    if not images and not tables:
        raise FormatError(f"{path}: neither an image nor a table")
    try:
        return _from_image(path, images[0], unit)
    except (FormatError, IndexError):
        if not tables:
            raise
    return _from_tables(path, tables, unit)


def _from_tables(path: Path, tables: list, unit: str | None) -> dict[str, Any]:
    for number, table in enumerate(tables, 1):
        try:
            picks = pick_columns(path, table.columns.names)
        except FormatError:
            if number == len(tables):
                raise
            continue
        return _from_table(path, table, picks, unit)
    raise FormatError(f"{path}: no table")


def _from_table(path: Path, table: Any, picks: dict, unit: str | None) -> dict[str, Any]:
    rows = {}
    for field, (name, convert) in picks.items():
        values = _column(path, table, name)
        rows[field] = convert(values) if convert else values
    lengths = {name: len(values) for name, values in rows.items()}
    if len(set(lengths.values())) > 1:
        raise FormatError(f"{path}: columns of different length: {lengths}")
    name, convert = picks["wavelength"]
    stated = None if convert else table.columns[name].unit
    wavelength = to_angstrom(path, rows["wavelength"], unit or stated or "Angstrom")
    return {**rows, "wavelength": wavelength, "stated": stated}


def _column(path: Path, table: Any, name: str) -> NDArray:
    """Return a column as float64, NaN where TNULL says missing."""
    column, values = table.columns[name], table.data[name]
    cells = values.dtype == object or values.ndim > 1
    if cells and len(values) > 1:
        raise FormatError(f"{path}: column {name!r} holds {len(values)} spectra, not one")
    values = np.ravel(values[0] if cells else values)
    if values.dtype.kind not in "iuf":
        raise FormatError(f"{path}: column {name!r} does not hold numbers")
    numbers = values.astype(float)
    if column.null is not None:
        null = float(column.null) * (column.bscale or 1) + (column.bzero or 0)
        numbers[numbers == null] = np.nan
    return numbers


def _from_image(path: Path, hdu: Any, unit: str | None) -> dict[str, Any]:
    data, header = np.asarray(hdu.data, float), hdu.header
    rows = data.reshape(-1, data.shape[-1])
    fields = {
        "wavelength": wavelength_axis(path, header, rows.shape[1], unit),
        "flux": rows[0],
        "stated": header.get("CUNIT1"),
    }
    if data.ndim == 3:
        bands = [str(header.get(f"BANDID{i}", "")) for i in range(1, len(data) + 1)]
        sigma = [i for i, text in enumerate(bands) if text.strip().lower().startswith("sigma")]
        fields |= {"flux_err": data[sigma[0], 0]} if sigma else {}
    return fields
