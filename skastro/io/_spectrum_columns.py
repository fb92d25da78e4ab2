"""Which column is the wavelength, the flux and its error, and in which unit."""

import astropy.units as u
import numpy as np

from skastro.exceptions import FormatError

_WAVELENGTHS = ("wavelength", "wave", "wav", "lambda", "lam", "wl", "wavelengths", "angstrom")
_LOG_WAVELENGTHS = ("loglam", "loglambda", "log_wavelength")
_FLUXES = ("flux", "f_lambda", "flam", "flux_reduced", "fluxes", "spec", "f")
_ERRORS = ("flux_err", "fluxerr", "flux_error", "err", "error", "sigma", "uncertainty", "e_flux")
_INVERSE_VARIANCES = ("ivar", "flux_ivar", "inverse_variance")
_LEAST_ANGSTROM = 1000.0


def find_column(names, aliases):
    """Return the first name that is one of the aliases in any letter case, or None."""
    lower = {str(name).strip().lower(): name for name in reversed(list(names))}
    return next((lower[alias] for alias in aliases if alias in lower), None)


def pick_columns(path, names):
    """Return how wavelength, flux and error are made of the named columns.

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
        "flux_err": ((_ERRORS, None), (_INVERSE_VARIANCES, _from_inverse_variance)),
    }
    picks = {}
    for field, options in choices.items():
        found = ((find_column(names, aliases), convert) for aliases, convert in options)
        pick = next((pair for pair in found if pair[0] is not None), None)
        if pick is not None:
            picks[field] = pick
        elif field != "flux_err":
            raise FormatError(f"{path}: no column of the {field} among {list(names)}")
    return picks


def to_angstrom(path, wavelength, unit):
    """Return wavelengths in Angstrom.

    Raises
    ------
    FormatError
        The unit is no length, or the numbers cannot be Angstrom.
    """
    try:
        wavelength = np.asarray(wavelength, float) * u.Unit(unit).to(u.AA)
    except (ValueError, TypeError, u.UnitConversionError) as error:
        raise FormatError(f"{path}: wavelengths in {unit!r}: {error}") from None
    largest = np.nanmax(wavelength, initial=0.0)
    if largest < _LEAST_ANGSTROM:
        raise FormatError(
            f"{path}: wavelengths up to {largest:g} Angstrom; is wavelength_unit not {unit!r}?"
        )
    return wavelength


def _power_of_ten(values):
    return 10.0 ** np.asarray(values, float)


def _from_inverse_variance(values):
    values = np.asarray(values, float)
    return np.where(values > 0, np.where(values > 0, values, 1.0) ** -0.5, np.nan)
