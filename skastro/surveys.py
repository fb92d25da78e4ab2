"""Bands, PHOTFLAG bits and zero points of surveys."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from numbers import Integral, Real

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

UNKNOWN_BAND = "unknown"
"""Category of :meth:`Survey.canonical_bands` for bands that the survey does not have."""

SNANA_PHOTFLAG = {"saturated": 1024, "trigger": 2048, "detection": 4096}
"""PHOTFLAG bits that SNANA's simulations of LSST use, and the simulator of this package."""

_REGISTRY: dict[str, "Survey"] = {}
_SEPARATORS = "-_.:"


def _is_wavelength(value):
    return isinstance(value, Real) and 0 < value < np.inf


def _is_mask(value):
    return isinstance(value, Integral) and value > 0


@dataclass(frozen=True)
class Survey:
    """Bands and conventions of one survey.

    Parameters
    ----------
    name : str
        Name under which :func:`get_survey` finds the survey, in any letter case.

    wavelengths : dict of str -> float
        Effective wavelength of each band in Angstrom, in the order of plots.

    photflag : dict of str -> int, default={}
        PHOTFLAG bit masks named ``detection``, ``trigger``, ``saturated`` and ``reject``, as far
        as the survey defines them.

    zero_point : float, default=27.5
        ``mag = zero_point - 2.5 log10(flux)``; 27.5 is SNANA's FLUXCAL.

    aliases : dict of str -> str, default={}
        Other names of bands, such as ``{"y": "Y"}``.

    Raises
    ------
    ValueError
        There is no band, a wavelength is not a positive number, a bit mask not a positive
        integer, or an alias stands for a band that `wavelengths` lacks.

    Examples
    --------
    >>> from skastro.surveys import get_survey
    >>> get_survey("LSST").wavelength("LSST-g")
    4826.85
    >>> list(get_survey("des").wavelengths)
    ['g', 'r', 'i', 'z']
    """

    name: str
    wavelengths: Mapping[str, float]
    photflag: Mapping[str, int] = field(default_factory=dict)
    zero_point: float = 27.5
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self):
        if not self.name or not self.wavelengths:
            raise ValueError(f"survey {self.name!r}: give it a name and at least one band")
        self._refuse(
            "wavelength of band", self.wavelengths, _is_wavelength, "a positive number of Angstrom"
        )
        self._refuse("PHOTFLAG bits", self.photflag, _is_mask, "a positive integer")
        known = f"a band of it: {', '.join(self.wavelengths)}"
        self._refuse("alias", self.aliases, self.wavelengths.__contains__, known)

    def _refuse(self, what, values, is_right, wanted):
        for key, value in values.items():
            if not is_right(value):
                raise ValueError(f"survey {self.name}: {what} {key!r} is {value!r}, not {wanted}")

    def band(self, name: str) -> str:
        """Return the survey's own name of a band.

        Tried in this order, with and without the ``/x`` that SNANA appends (``DES-g/g``): the
        band itself, an alias, and the band after the name of the survey in any letter case
        (``LSST-g``, ``ZTF_g``, ``ztfg``, ``ps1::g``).

        Parameters
        ----------
        name : str
            Name of the band in the data.

        Returns
        -------
        band : str
            Key of `wavelengths`.

        Raises
        ------
        KeyError
            The survey has no such band; the message lists its bands.

        Examples
        --------
        >>> from skastro.surveys import get_survey
        >>> get_survey("ZTF").band("ztfg"), get_survey("LSST").band("y")
        ('g', 'Y')
        """
        found = self._find(name)
        if found is None:
            known = ", ".join(self.wavelengths)
            raise KeyError(f"survey {self.name} has no band {name!r}; known bands: {known}")
        return found

    def canonical_bands(self, bands: ArrayLike | pd.Categorical) -> pd.Categorical:
        """Return the survey's own name of the band of every row.

        Each distinct name is looked up once, as by :meth:`band`.

        Parameters
        ----------
        bands : Categorical or array-like of str, shape (n_rows,)
            Names of the bands in the data.

        Returns
        -------
        canonical : Categorical of shape (n_rows,)
            The categories are the bands of the survey in its order, and ``"unknown"`` for every
            row whose band the survey does not have or which has none.

        Examples
        --------
        >>> from skastro.surveys import get_survey
        >>> get_survey("ZTF").canonical_bands(["ZTF_r", "g", "o", None]).tolist()
        ['r', 'g', 'unknown', 'unknown']
        """
        if not isinstance(bands, pd.Categorical):
            bands = pd.Categorical(np.asarray(bands, object))
        names = [*self.wavelengths, UNKNOWN_BAND]
        position = {name: code for code, name in enumerate(names)}
        table = [position[name] for name in self.canonical_names(bands.categories)]
        codes = np.array([*table, len(names) - 1], np.int16)[bands.codes]
        dtype = pd.CategoricalDtype(pd.Index(names, dtype=object))
        return pd.Categorical.from_codes(codes, dtype=dtype)

    def canonical_names(self, names: Iterable[str]) -> list[str]:
        """Return the survey's own name of each band, ``"unknown"`` where it has none.

        Parameters
        ----------
        names : iterable of str
            Names of bands in the data.

        Returns
        -------
        canonical : list of str
            Keys of `wavelengths`, or ``"unknown"``.

        Examples
        --------
        >>> from skastro.surveys import get_survey
        >>> get_survey("ZTF").canonical_names(["ZTF_r", "o"])
        ['r', 'unknown']
        """
        return [self._find(name) or UNKNOWN_BAND for name in names]

    def wavelength(self, band: str) -> float:
        """Return the effective wavelength of one band in Angstrom."""
        return self.wavelengths[self.band(band)]

    def band_wavelengths(self, bands: pd.Categorical) -> NDArray[np.float64]:
        """Return the effective wavelength of the band of every row in Angstrom.

        Parameters
        ----------
        bands : Categorical of shape (n_rows,)
            Names of the bands in the data.

        Returns
        -------
        wavelengths : ndarray of shape (n_rows,)

        Raises
        ------
        KeyError
            A band that occurs in the rows is unknown, or a row has no band.
        """
        table = np.full(len(bands.categories) + 1, np.nan)
        for code in np.unique(bands.codes):
            if code < 0:
                raise KeyError(f"survey {self.name}: some observations have no band")
            table[code] = self.wavelength(bands.categories[code])
        return table[bands.codes]

    def _find(self, name):
        text = str(name).strip()
        for candidate in (text, text.split("/")[0]):
            bare = candidate
            if candidate.lower().startswith(self.name.lower()):
                bare = candidate[len(self.name) :].lstrip(_SEPARATORS)
            for known in (candidate, self.aliases.get(candidate), bare, self.aliases.get(bare)):
                if known in self.wavelengths:
                    return known
        return None


def register_survey(survey: Survey) -> Survey:
    """Make a survey known by its name to every estimator of this process.

    Registering a name again replaces the survey.

    Parameters
    ----------
    survey : Survey
        The survey.

    Returns
    -------
    survey : Survey
        The same object.

    Raises
    ------
    TypeError
        `survey` is not a Survey.

    Examples
    --------
    >>> from skastro.surveys import Survey, get_survey, register_survey
    >>> survey = register_survey(Survey("BlackGEM", {"u": 3800.0, "g": 4850.0, "q": 5800.0}))
    >>> get_survey("blackgem") is survey
    True
    """
    if not isinstance(survey, Survey):
        raise TypeError(f"register_survey requires a Survey, not {survey!r}")
    _REGISTRY[survey.name.strip().lower()] = survey
    return survey


def get_survey(survey: "str | Survey") -> Survey:
    """Return a registered survey by its name; a :class:`Survey` passes through.

    Parameters
    ----------
    survey : str or Survey
        Name in any letter case, or the survey itself.

    Returns
    -------
    survey : Survey

    Raises
    ------
    KeyError
        The name is unknown; the message lists the registered ones.

    Examples
    --------
    >>> from skastro.surveys import get_survey
    >>> get_survey("HST")
    Traceback (most recent call last):
    ...
    KeyError: "unknown survey 'HST'; known: CfA3, CfA4, CSP, DES, ...
    """
    if isinstance(survey, Survey):
        return survey
    found = find_survey(survey)
    if found is None:
        raise KeyError(f"unknown survey {survey!r}; known: {', '.join(list_surveys())}")
    return found


def find_survey(name: str) -> Survey | None:
    """Return the registered survey of this name, or None.

    Examples
    --------
    >>> from skastro.surveys import find_survey
    >>> find_survey("HST") is None
    True
    """
    return _REGISTRY.get(str(name).strip().lower())


def list_surveys() -> list[str]:
    """Return the names of the registered surveys, sorted.

    Examples
    --------
    >>> from skastro.surveys import list_surveys
    >>> "LSST" in list_surveys()
    True
    """
    return sorted((survey.name for survey in _REGISTRY.values()), key=str.lower)


_LSST = {"u": 3670.69, "g": 4826.85, "r": 6223.24, "i": 7545.98, "z": 8590.90, "Y": 9710.28}
_DES = {"g": 4828.0, "r": 6435.0, "i": 7828.0, "z": 9181.0}
_PS1 = {"g": 4866.46, "r": 6214.62, "i": 7544.57, "z": 8679.47, "y": 9633.28}
# Mean wavelengths, int(lambda T) / int(T), as SNANA and JLA define them.
# CSP: transmissions of Krisciunas et al. 2017, AJ 154, 211; SNANA calls the three V filters
# LC-3014, LC-3009 and LC-9844 o, m and n, and those of the du Pont telescope y, j and h.
_CSP = {
    "u": 3628.7,
    "B": 4405.6,
    "g": 4794.1,
    "o": 5387.6,
    "V": 5389.3,
    "n": 5389.3,
    "m": 5422.4,
    "r": 6239.9,
    "i": 7631.1,
    "Y": 10388.5,
    "y": 10466.0,
    "j": 12446.4,
    "J": 12516.3,
    "h": 16263.8,
    "H": 16277.2,
}
# KeplerCam (K) and 4Shooter2 (S) of CfA3 (Hicken et al. 2009, ApJ 700, 331) in the calibration of
# JLA, Betoule et al. 2014, A&A 568, A22.
_KEPLERCAM = {"U": 3562.2, "B": 4355.8, "V": 5409.7, "r": 6242.4, "i": 7674.1}
_4SHOOTER = {"U": 3562.2, "B": 4358.3, "V": 5417.8, "R": 6558.3, "I": 8019.8}


def _prefixed(**bands):
    """Return bands under the names ``PREFIX-band``, in order of wavelength."""
    named = {
        f"{prefix}-{band}": value for prefix, own in bands.items() for band, value in own.items()
    }
    return dict(sorted(named.items(), key=lambda pair: pair[1]))


_CFA3 = _prefixed(CFA3K=_KEPLERCAM, CFA3S=_4SHOOTER)
# Both periods of CfA4 used KeplerCam: Hicken et al. 2012, ApJS 200, 12.
_CFA4 = _prefixed(CFA41=_KEPLERCAM, CFA42=_KEPLERCAM)
_CFA4_ALIASES = {f"CFA4P{band[4:]}": band for band in _CFA4}
_LOWZ = dict(
    sorted({**_prefixed(CSP=_CSP, PS1=_PS1), **_CFA3, **_CFA4}.items(), key=lambda pair: pair[1])
)

register_survey(Survey("LSST", _LSST, SNANA_PHOTFLAG, aliases={"y": "Y"}))
# True DES filters; "SCONE" below is the table that SCONE applies to LSST and DES alike.
_DES_PHOTFLAG = {"reject": 1016, "detection": 4096}
register_survey(Survey("DES", _DES, _DES_PHOTFLAG))
register_survey(Survey("SCONE", _LSST, {"detection": 4096}, aliases={"y": "Y"}))
register_survey(
    Survey(
        "SDSS",
        {"u": 3561.79, "g": 4718.87, "r": 6185.19, "i": 7499.70, "z": 8961.49},
        SNANA_PHOTFLAG,
    )
)
register_survey(Survey("PS1", _PS1, SNANA_PHOTFLAG))
# ZTF: effective wavelengths of the SVO Filter Profile Service.
register_survey(
    Survey(
        "ZTF",
        {"g": 4746.48, "r": 6366.38, "i": 7829.03},
        SNANA_PHOTFLAG,
        aliases={"zg": "g", "zr": "r", "zi": "i"},
    )
)
register_survey(
    Survey(
        "Roman",
        {
            "R": 6296.73,
            "Z": 8744.77,
            "Y": 10653.88,
            "J": 12975.72,
            "H": 15848.21,
            "F": 18475.41,
            "K": 21255.0,
        },
        SNANA_PHOTFLAG,
    )
)
# The low-redshift sample of DES-SN5YR, each survey alone and together with DES.
register_survey(Survey("CSP", _CSP))
register_survey(Survey("CfA3", _CFA3))
register_survey(Survey("CfA4", _CFA4, aliases=_CFA4_ALIASES))
register_survey(Survey("Foundation", _PS1, aliases={f"PS1-{band}": band for band in _PS1}))
register_survey(Survey("LOWZ", _LOWZ, aliases=_CFA4_ALIASES))
register_survey(
    Survey(
        "DES-SN5YR",
        dict(sorted({**_LOWZ, **_DES}.items(), key=lambda pair: pair[1])),
        _DES_PHOTFLAG,
        aliases=_CFA4_ALIASES | {f"DES-{band}": band for band in _DES},
    )
)
