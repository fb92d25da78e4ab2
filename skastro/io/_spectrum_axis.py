"""Wavelengths of the pixels of FITS images: linear, logarithmic, spectral and IRAF's multispec."""

import re
import warnings

import astropy.units as u
import numpy as np
from astropy.io.fits import Header
from astropy.utils.exceptions import AstropyWarning
from astropy.wcs import WCS
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._spectrum_columns import parse_unit, to_angstrom

_POLYNOMIALS = {
    1: np.polynomial.chebyshev.chebval,
    2: np.polynomial.legendre.legval,
}
_SPECTRAL = re.compile(r"^(FREQ|ENER|WAVN|WAVE|AWAV|VRAD|VOPT|ZOPT|VELO|BETA)(-[A-Z0-9]{3})?$")
_KEYS = ("CTYPE1", "CUNIT1", "CRVAL1", "CRPIX1", "CDELT1", "CD1_1", "PC1_1", "RESTFRQ", "RESTWAV")
_STANDARD_UNITS = {"FREQ": "Hz", "ENER": "J", "WAVN": "1 / m"}
# No spectrum begins below 1e-3 Angstrom, and none beyond a millimetre.
_METRES = 1e-3


def wavelength_axis(path: object, header: Header, n_pixels: int, unit: str | None) -> NDArray:
    """Return the wavelength of each pixel in Angstrom.

    Parameters
    ----------
    path : path
        The file, for messages.

    header : Header
        Header of the image; axis 1 is the dispersion [1]_, [2]_.

    n_pixels : int
        Number of pixels.

    unit : str or None
        Unit that replaces that of the header.

    Raises
    ------
    FormatError
        The header has no dispersion, or one that is not supported, such as velocities.

    References
    ----------
    .. [1] E. W. Greisen et al., A&A 446, 747 (2006), spectral coordinates in FITS.
    .. [2] F. Valdes (1993), The IRAF/NOAO spectral world coordinate systems.
    """
    ctype = str(header.get("CTYPE1", "")).strip().upper()
    own = unit or header.get("CUNIT1") or _iraf_unit(header) or "Angstrom"
    is_log = str(header.get("DC-FLAG", "")).strip() == "1"
    if "MULTISPE" in ctype:
        return to_angstrom(path, _multispec(path, header, n_pixels), own)
    if "CRVAL1" not in header or not (header.get("CDELT1") or header.get("CD1_1")):
        raise FormatError(f"{path}: an image without CRVAL1 and CDELT1 or CD1_1")
    found = _SPECTRAL.match(ctype)
    if found is None or (is_log and not found.group(2)):
        values = _world(path, header, n_pixels, ctype="", unit="")[0]
        return to_angstrom(path, 10.0**values if is_log else values, own)
    kind = found.group(1)
    if not unit and not header.get("CUNIT1"):
        # The standard says metres; spectrographs write Angstrom and leave the unit out.
        in_metres = abs(float(header["CRVAL1"])) < _METRES
        own = _STANDARD_UNITS.get(kind, "m" if in_metres else "Angstrom")
    return to_angstrom(path, *_world(path, header, n_pixels, ctype, _fits_unit(path, own)))


def _iraf_unit(header: Header) -> str | None:
    """Return the unit in the text of the card WAT1_001, if IRAF wrote one."""
    found = re.search(r"\bunits=(\w+)", str(header.get("WAT1_001", "")))
    return found.group(1) if found else None


def _fits_unit(path: object, unit: str) -> str:
    try:
        return parse_unit(unit).to_string("fits")
    except ValueError as error:
        raise FormatError(f"{path}: wavelengths in {unit!r}: {error}") from None


def _world(
    path: object, header: Header, n_pixels: int, ctype: str, unit: str
) -> tuple[NDArray, u.UnitBase]:
    """Return the coordinate of each pixel and its unit."""
    keys = [key for key in header if key in _KEYS or re.fullmatch(r"PV1_\d+", key)]
    axis = Header({"WCSAXES": 1, **{key: header[key] for key in keys}})
    axis["CTYPE1"], axis["CUNIT1"] = ctype, unit
    # CDELT is ignored if there is a CD matrix; IRAF writes both.
    if "CD1_1" in axis:
        axis.pop("PC1_1", None)
        axis["CDELT1"] = 1.0
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyWarning)
            wcs = WCS(axis, naxis=1)
            values = wcs.wcs_pix2world(np.arange(1.0, n_pixels + 1)[:, None], 1)[:, 0]
    except Exception as error:
        raise FormatError(f"{path}: dispersion of the image: {error}") from None
    return values, wcs.wcs.cunit[0]


def _multispec(path: object, header: Header, n_pixels: int) -> NDArray:
    """Return the wavelengths of the first aperture from the text in the WAT2 cards."""
    cards = sorted(key for key in header if re.fullmatch(r"WAT2_\d+", key))
    # A card holds 68 characters, but astropy drops the blanks at the end.
    text = "".join(str(header[key]).ljust(68) for key in cards)
    found = re.search(r'spec1\s*=\s*"([^"]*)"', text)
    try:
        numbers = [float(word) for word in found.group(1).split()] if found else []
        kind, first, step, n_valid, redshift = int(numbers[2]), *numbers[3:7]
    except (ValueError, IndexError, OverflowError):
        raise FormatError(f"{path}: a multispec image without a readable spec1") from None
    pixels = np.arange(n_pixels, dtype=float)
    if kind == 2:
        wavelength = _dispersion(path, numbers[9:], pixels + 1)
    else:
        wavelength = first + step * pixels
        wavelength = 10.0**wavelength if kind == 1 else wavelength
    wavelength[int(n_valid) :] = np.nan
    return wavelength / (1 + redshift)


def _dispersion(path: object, numbers: list[float], pixels: NDArray) -> NDArray:
    """Sum the weighted dispersion functions: weight, offset, kind, order, range, terms."""
    total = np.zeros(len(pixels))
    while numbers:
        try:
            weight, offset, kind, order, low, high = numbers[:6]
            terms = numbers[6 : 6 + int(order)]
            if len(terms) != int(order):
                raise ValueError
            polynomial = _POLYNOMIALS[int(kind)]
        except (ValueError, KeyError, OverflowError):
            raise FormatError(f"{path}: a multispec dispersion that is not known") from None
        numbers = numbers[6 + int(order) :]
        x = (pixels - (low + high) / 2) / ((high - low) / 2)
        total += weight * (offset + polynomial(x, terms))
    return total
