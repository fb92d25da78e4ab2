"""What is fixed by a survey: effective wavelengths of its bands, PHOTFLAG bits, zero point."""

from dataclasses import dataclass, field

import numpy as np

_REGISTRY = {}


@dataclass(frozen=True)
class Survey:
    """Bands and conventions of one survey.

    Parameters
    ----------
    name : str
        Name under which :func:`get_survey` finds it, in any letter case.

    wavelengths : dict of str -> float
        Effective wavelength of each band in Angstrom, in the order of plots.

    photflag : dict of str -> int, default={}
        Bit masks of PHOTFLAG under the names ``detection``, ``trigger``, ``saturated`` and
        ``reject``, as far as the survey defines them.

    zero_point : float, default=27.5
        ``mag = zero_point - 2.5 log10(flux)``; 27.5 is SNANA's FLUXCAL.

    Examples
    --------
    >>> from skastro.surveys import get_survey
    >>> get_survey("LSST").wavelength("LSST-g")
    4826.85
    >>> list(get_survey("des").wavelengths)
    ['g', 'r', 'i', 'z']
    """

    name: str
    wavelengths: dict
    photflag: dict = field(default_factory=dict)
    zero_point: float = 27.5

    def band(self, name):
        """Return the survey's own name of a band that may carry the survey's name.

        The band itself comes first, then ``SURVEY-band``, ``SURVEY_band``, ``SURVEYband`` and
        ``SURVEY.band`` in any letter case of the survey, each with or without the ``/band``
        suffix that SNANA appends (``DES-g/g``).

        Raises
        ------
        KeyError
            The band is unknown; the message lists the known ones.
        """
        text = str(name).strip()
        for candidate in (text, text.split("/")[0]):
            if candidate in self.wavelengths:
                return candidate
            if candidate.lower().startswith(self.name.lower()):
                bare = candidate[len(self.name) :].lstrip("-_.")
                if bare in self.wavelengths:
                    return bare
        known = ", ".join(self.wavelengths)
        raise KeyError(f"survey {self.name} has no band {name!r}; known bands: {known}")

    def wavelength(self, band):
        """Return the effective wavelength of one band in Angstrom."""
        return self.wavelengths[self.band(band)]

    def band_wavelengths(self, bands):
        """Return the wavelength of every row of a Categorical of band names, in Angstrom.

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


def register_survey(survey):
    """Make a survey known by its name to every estimator of this process.

    Registering a name again replaces the survey.

    Examples
    --------
    >>> from skastro.surveys import Survey, get_survey, register_survey
    >>> survey = register_survey(Survey("BlackGEM", {"u": 3800.0, "g": 4850.0, "q": 5800.0}))
    >>> get_survey("blackgem") is survey
    True
    """
    _REGISTRY[survey.name.lower()] = survey
    return survey


def get_survey(survey):
    """Return a registered survey by its name; a :class:`Survey` passes through.

    Raises
    ------
    KeyError
        Unknown name; the message lists the known ones.

    Examples
    --------
    >>> from skastro.surveys import get_survey
    >>> get_survey("HST")
    Traceback (most recent call last):
    ...
    KeyError: "unknown survey 'HST'; known: DES, LSST, PS1, Roman, SCONE, SDSS, ZTF"
    """
    if isinstance(survey, Survey):
        return survey
    try:
        return _REGISTRY[str(survey).lower()]
    except KeyError:
        raise KeyError(f"unknown survey {survey!r}; known: {', '.join(list_surveys())}") from None


def list_surveys():
    """Return the names of the registered surveys, sorted.

    Examples
    --------
    >>> from skastro.surveys import list_surveys
    >>> "LSST" in list_surveys()
    True
    """
    return sorted((survey.name for survey in _REGISTRY.values()), key=str.lower)


_LSST = {"u": 3670.69, "g": 4826.85, "r": 6223.24, "i": 7545.98, "z": 8590.90, "Y": 9710.28}
_DETECTION = {"detection": 4096}

register_survey(
    Survey(
        "LSST",
        {**_LSST, "y": _LSST["Y"]},
        {"saturated": 1024, "trigger": 2048, **_DETECTION},
    )
)
# True DES filters; "SCONE" below is the table that SCONE applies to LSST and DES alike.
register_survey(
    Survey(
        "DES", {"g": 4828.0, "r": 6435.0, "i": 7828.0, "z": 9181.0}, {"reject": 1016} | _DETECTION
    )
)
register_survey(Survey("SCONE", _LSST, _DETECTION))
register_survey(
    Survey("SDSS", {"u": 3561.79, "g": 4718.87, "r": 6185.19, "i": 7499.70, "z": 8961.49})
)
register_survey(
    Survey("PS1", {"g": 4866.46, "r": 6214.62, "i": 7544.57, "z": 8679.47, "y": 9633.28})
)
# ZTF: effective wavelengths of the SVO Filter Profile Service.
register_survey(Survey("ZTF", {"g": 4746.48, "r": 6366.38, "i": 7829.03}))
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
    )
)
