"""Spectra in FITS: IRAF's one-dimensional images and binary tables."""

import re
import warnings

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyWarning

from skastro.exceptions import FormatError
from skastro.io._spectrum_columns import pick_columns, to_angstrom

_POLYNOMIALS = {
    1: np.polynomial.chebyshev.chebval,
    2: np.polynomial.legendre.legval,
}


def read_fits_spectrum(path, unit):
    """Return the fields of the spectrum in a FITS file.

    An image gives its first row, with wavelengths of the header [1]_: linear, logarithmic
    (DC-FLAG), or multispec with linear, logarithmic, Chebyshev or Legendre dispersion; the row
    that BANDID calls sigma gives the errors.  Else the first table with a column of wavelengths
    counts, with one row a wavelength or all of them in one row.

    Raises
    ------
    FormatError
        No spectrum, or a dispersion that is not known.

    References
    ----------
    .. [1] Valdes 1993, The IRAF/NOAO spectral world coordinate systems.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", VerifyWarning)
        with fits.open(path, memmap=False) as hdus:
            tables = [hdu for hdu in hdus if isinstance(hdu, fits.BinTableHDU | fits.TableHDU)]
            images = [hdu for hdu in hdus if hdu.is_image and hdu.data is not None]
            return _read(path, images, tables, unit)


def _read(path, images, tables, unit):
    if not images and not tables:
        raise FormatError(f"{path}: neither an image nor a table")
    try:
        return _from_image(path, images[0], unit)
    except (FormatError, IndexError):
        if not tables:
            raise
    return _from_tables(path, tables, unit)


def _from_tables(path, tables, unit):
    for number, table in enumerate(tables, 1):
        try:
            picks = pick_columns(path, table.columns.names)
        except FormatError:
            if number == len(tables):
                raise
            continue
        rows = {}
        for field, (name, convert) in picks.items():
            values = np.asarray(table.data[name], float).ravel()
            rows[field] = convert(values) if convert else values
        own_unit = table.columns[picks["wavelength"][0]].unit
        logarithmic = picks["wavelength"][1] is not None
        unit = own_unit if own_unit and not logarithmic else unit
        return {**rows, "wavelength": to_angstrom(path, rows["wavelength"], unit)}


def _from_image(path, hdu, unit):
    data, header = np.asarray(hdu.data, float), hdu.header
    rows = data.reshape(-1, data.shape[-1])
    if "MULTISPE" in str(header.get("CTYPE1", "")).upper():
        wavelength = _multispec(path, header, rows.shape[1])
    else:
        wavelength = _linear(path, header, rows.shape[1])
    fields = {
        "wavelength": to_angstrom(path, wavelength, header.get("CUNIT1") or unit),
        "flux": rows[0],
    }
    if data.ndim == 3:
        bands = [str(header.get(f"BANDID{i}", "")) for i in range(1, len(data) + 1)]
        sigma = [i for i, text in enumerate(bands) if text.strip().lower().startswith("sigma")]
        fields |= {"flux_err": data[sigma[0], 0]} if sigma else {}
    return fields


def _linear(path, header, n_pixels):
    step = header.get("CDELT1") or header.get("CD1_1")
    if "CRVAL1" not in header or not step:
        raise FormatError(f"{path}: an image without CRVAL1 and CDELT1 or CD1_1")
    pixels = np.arange(1, n_pixels + 1)
    values = header["CRVAL1"] + step * (pixels - header.get("CRPIX1", 1.0))
    return 10.0**values if header.get("DC-FLAG") == 1 else values


def _multispec(path, header, n_pixels):
    """Wavelengths of the first aperture from the text in the WAT2 cards."""
    cards = sorted(key for key in header if re.fullmatch(r"WAT2_\d+", key))
    text = "".join(str(header[key]).ljust(68) for key in cards)
    found = re.search(r'spec1\s*=\s*"([^"]*)"', text)
    try:
        numbers = [float(word) for word in found.group(1).split()]
        kind, first, step, n_valid, redshift = int(numbers[2]), *numbers[3:7]
    except (AttributeError, ValueError, IndexError):
        raise FormatError(f"{path}: a multispec image without a readable spec1") from None
    pixels = np.arange(n_pixels, dtype=float)
    if kind == 2:
        wavelength = _dispersion(path, numbers[9:], pixels + 1)
    else:
        wavelength = first + step * pixels
        wavelength = 10.0**wavelength if kind == 1 else wavelength
    wavelength[int(n_valid) :] = np.nan
    return wavelength / (1 + redshift)


def _dispersion(path, numbers, pixels):
    """Sum of the weighted dispersion functions: weight, offset, kind, order, range, terms."""
    total = np.zeros(len(pixels))
    while numbers:
        try:
            weight, offset, kind, order, low, high = numbers[:6]
            terms = numbers[6 : 6 + int(order)]
            if len(terms) != int(order):
                raise ValueError
            polynomial = _POLYNOMIALS[int(kind)]
        except (ValueError, KeyError):
            raise FormatError(f"{path}: a multispec dispersion that is not known") from None
        numbers = numbers[6 + int(order) :]
        x = (pixels - (low + high) / 2) / ((high - low) / 2)
        total += weight * (offset + polynomial(x, terms))
    return total
