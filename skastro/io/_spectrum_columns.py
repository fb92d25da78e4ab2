"""Columns and units of spectra: wavelength, flux and the error of the flux."""

import re
from collections.abc import Callable, Iterable

import astropy.units as u
import numpy as np
from numpy.typing import ArrayLike, NDArray

from skastro.exceptions import FormatError
from skastro.utils.columns import find_column

_WAVELENGTHS = (
    *("wavelength", "wave", "wav", "lambda", "lam", "wl", "wavelengths", "angstrom"),
    *("wave_obs", "wavelength_obs", "lambda_obs", "obs_wave", "obs_wavelength"),
    *("wave_vac", "wavelength_vac", "wave_air", "wavelength_air"),
)
_LOG_WAVELENGTHS = ("loglam", "loglambda", "log_wavelength")
_FLUXES = ("flux", "f_lambda", "flam", "flux_reduced", "fluxes", "flux_density", "spec", "f")
_ERRORS = (
    *("flux_err", "fluxerr", "flux_error", "err", "error", "sigma", "uncertainty", "e_flux"),
    *("flux_unc", "flux_uncertainty", "unc", "std", "stdev", "noise"),
)
_VARIANCES = ("variance", "var", "flux_var", "flux_variance")
_INVERSE_VARIANCES = ("ivar", "flux_ivar", "inverse_variance")
_UNITS = {
    u.AA: (
        "a",
        "aa",
        "ang",
        "angs",
        "angst",
        "angstrom",
        "angstroms",
        "angstroem",
        "ångström",
        "å",
        "\u212b",
    ),
    u.nm: ("nm", "nanometer", "nanometers", "nanometre", "nanometres"),
    u.um: ("um", "micron", "microns", "micrometer", "micrometers", "micrometre", "micrometres"),
}
_SPELLINGS = {text: unit for unit, texts in _UNITS.items() for text in texts}
_NAME_AND_UNIT = re.compile(r"^\s*([^\[(]+?)\s*(?:[\[(]\s*([^\])]*?)\s*[\])])?\s*$")
# Optical wavelengths in nm that are taken for Angstrom end below 1,000.
_LEAST_ANGSTROM, _MOST_ANGSTROM = 1e3, 1e7


def parse_unit(text: str) -> u.UnitBase:
    """Return the unit of a wavelength or frequency as archives spell it.

    Raises
    ------
    ValueError
        The unit is unknown.

    Examples
    --------
    >>> from skastro.io._spectrum_columns import parse_unit
    >>> [str(parse_unit(text)) for text in ("Angstroms", "A", "nanometers", "Hz")]
    ['Angstrom', 'Angstrom', 'nm', 'Hz']
    """
    known = _SPELLINGS.get(str(text).strip().lower())
    return known if known is not None else u.Unit(str(text).strip())


def split_unit(name: str) -> tuple[str, str | None]:
    """Return the name of a column and the unit in brackets behind it, None without one.

    Examples
    --------
    >>> from skastro.io._spectrum_columns import split_unit
    >>> split_unit("wavelength [nm]"), split_unit("flux")
    (('wavelength', 'nm'), ('flux', None))
    """
    found = _NAME_AND_UNIT.match(str(name))
    return (found.group(1), found.group(2) or None) if found else (str(name), None)


def pick_columns(
    path: object, names: Iterable[str]
) -> dict[str, tuple[str, Callable[[ArrayLike], NDArray] | None]]:
    """Return how wavelength, flux and error follow from the named columns.

    Returns
    -------
    picks : dict of str -> (name, function or None)
        The column of each field and how it is converted.

    Raises
    ------
    FormatError
        No column is known as wavelength or as flux.
    """
    choices = {
        "wavelength": ((_WAVELENGTHS, None), (_LOG_WAVELENGTHS, _power_of_ten)),
        "flux": ((_FLUXES, None),),
        "flux_err": (
            (_ERRORS, None),
            (_VARIANCES, _from_variance),
            (_INVERSE_VARIANCES, _from_inverse_variance),
        ),
    }
    names = list(names)
    bare = {split_unit(name)[0]: name for name in reversed(names)}
    picks: dict[str, tuple[str, Callable[[ArrayLike], NDArray] | None]] = {}
    for field, options in choices.items():
        for aliases, convert in options:
            name = find_column(bare, aliases)
            if name is not None and field not in picks:
                picks[field] = (bare[name], convert)
        if field not in picks and field != "flux_err":
            raise FormatError(f"{path}: no column of the {field} among {names}")
    return picks


def to_angstrom(path: object, wavelength: ArrayLike, unit: str | u.UnitBase) -> NDArray:
    """Return wavelengths, or the wavelengths of frequencies or energies, in Angstrom.

    Raises
    ------
    FormatError
        The unit is unknown or of another kind, or the numbers cannot be Angstrom.
    """
    try:
        unit = parse_unit(unit) if isinstance(unit, str) else unit
        with np.errstate(divide="ignore"):
            values = np.asarray(wavelength, float) * unit
            angstrom = np.asarray(values.to_value(u.AA, u.spectral()))
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise FormatError(f"{path}: wavelengths in {str(unit)!r}: {error}") from None
    known = angstrom[np.isfinite(angstrom)]
    low, high = known.min(initial=np.inf), known.max(initial=0.0)
    if len(known) and not (0 < low and _LEAST_ANGSTROM <= high <= _MOST_ANGSTROM):
        raise FormatError(
            f"{path}: wavelengths from {low:g} to {high:g} Angstrom; is wavelength_unit not "
            f"{str(unit)!r}?"
        )
    return angstrom


def _power_of_ten(values: ArrayLike) -> NDArray:
    return 10.0 ** np.asarray(values, float)


def _from_variance(values: ArrayLike) -> NDArray:
    values = np.asarray(values, float)
    return np.sqrt(np.where(values >= 0, values, np.nan))


def _from_inverse_variance(values: ArrayLike) -> NDArray:
    values = np.asarray(values, float)
    return np.where(values > 0, np.where(values > 0, values, 1.0) ** -0.5, np.nan)
