"""When a survey looks, through which filter, and how deep."""

from dataclasses import dataclass, field, fields

import numpy as np


@dataclass(frozen=True)
class Cadence:
    """How a survey observes one field.

    A night of a field is a sequence of `visits_per_night` neighbouring bands that begins with a
    band drawn by `shares` and by the Moon.  Gaps between nights are gamma distributed; clouds
    close the whole survey for nights in a row.

    Parameters
    ----------
    depth : dict of str -> float
        Magnitude of a point source at S/N = 5 in one visit without moonlight; the keys are the
        bands, from blue to red.

    zero_point : dict of str -> float
        Magnitude of a source that gives one photo-electron in one visit.

    saturation : dict of str -> float
        Magnitude at which a point source saturates.

    shares : dict of str -> float, default={}
        How often a band begins a night in grey time; 1 where it is missing.

    moon : dict of str -> float, default={}
        From -1 (never at full moon) to 1 (never at new moon); 0 where it is missing.

    moonlight : dict of str -> float, default={}
        Magnitudes that `depth` loses at full moon.

    visits_per_night : int, default=2
        Bands in a row in one night.

    pair_fraction : float, default=0.85
        Share of nights whose sequence is not broken off after the first visit.

    revisit : float, default=0.026
        Days between visits of one night, on average; each is up to 20 % longer or shorter.

    night_gap : float, default=3.2
        Mean days between nights of one field, cloudy ones counted.

    regularity : float, default=2.0
        Shape of the gamma distribution of the gaps: 1 is random, 10 almost regular.

    season_length : float, default=185.0
        Days a year that a field is observable, around its midnight culmination.

    n_seasons : int, default=1
        Seasons simulated.

    start : float, default=60796.0
        First day of the survey, MJD.

    clear_fraction : float, default=0.78
        Share of clear nights.

    cloudy_nights : float, default=2.5
        Mean nights of bad weather in a row.

    depth_scatter : float, default=0.15
        Standard deviation of the depth from visit to visit, in magnitudes.

    midnight : float, default=0.17
        Fraction of MJD at local midnight.

    declinations : tuple of float, default=(-65.0, 5.0)
        Degrees; the footprint.

    trigger_gap : float, default=0.02
        Days between the first detection and the next one that triggers.

    calibration : float, default=0.005
        Relative error of photometry that no exposure time reduces.

    See Also
    --------
    get_cadence : The cadences that come with skastro.

    Examples
    --------
    >>> from skastro.datasets import Cadence
    >>> cadence = Cadence({"g": 22.0}, {"g": 30.0}, {"g": 14.0}, visits_per_night=1, night_gap=1.0)
    >>> cadence.bands
    ['g']
    """

    depth: dict
    zero_point: dict
    saturation: dict
    shares: dict = field(default_factory=dict)
    moon: dict = field(default_factory=dict)
    moonlight: dict = field(default_factory=dict)
    visits_per_night: int = 2
    pair_fraction: float = 0.85
    revisit: float = 0.026
    night_gap: float = 3.2
    regularity: float = 2.0
    season_length: float = 185.0
    n_seasons: int = 1
    start: float = 60796.0
    clear_fraction: float = 0.78
    cloudy_nights: float = 2.5
    depth_scatter: float = 0.15
    midnight: float = 0.17
    declinations: tuple = (-65.0, 5.0)
    trigger_gap: float = 0.02
    calibration: float = 0.005

    @property
    def bands(self):
        """Names of the bands, from blue to red."""
        return list(self.depth)

    def per_band(self, name, default=0.0):
        """Return one of the tables as an array in the order of `bands`."""
        table = getattr(self, name)
        return np.array([float(table.get(band, default)) for band in self.bands])

    def check(self, survey):
        """Refuse values that cannot be simulated, before work starts.

        Raises
        ------
        ValueError
            A band lacks an entry or is unknown to `survey`, or a number is out of its range.
        """
        if not self.depth:
            raise ValueError("Cadence: depth names no band")
        for band in self.bands:
            if band not in survey.wavelengths:
                known = ", ".join(survey.wavelengths)
                raise ValueError(f"Cadence: {survey.name} has no band {band!r}, only {known}")
            for table in ("zero_point", "saturation"):
                if band not in getattr(self, table):
                    raise ValueError(f"Cadence: {table} lacks the band {band!r}")
        for name in ("shares", "moon", "moonlight", "zero_point", "saturation"):
            unknown = [band for band in getattr(self, name) if band not in self.depth]
            if unknown:
                raise ValueError(f"Cadence: {name} names the band {unknown[0]!r} without a depth")
        self._check_tables()
        self._check_numbers()

    def _check_tables(self):
        shares, moon = self.per_band("shares", 1.0), self.per_band("moon")
        if not (np.isfinite(shares).all() and (shares >= 0).all() and shares.any()):
            raise ValueError("Cadence: shares must be finite, not negative and not all zero")
        if not (np.abs(moon) <= 1).all():
            raise ValueError("Cadence: moon must lie between -1 and 1")
        if not (self.per_band("depth") - self.per_band("saturation") >= 4).all():
            raise ValueError("Cadence: depth must be at least 4 mag fainter than saturation")
        for name in ("zero_point", "moonlight"):
            if not np.isfinite(self.per_band(name)).all():
                raise ValueError(f"Cadence: {name} must be finite")

    def _check_numbers(self):
        positive = {"night_gap", "regularity", "season_length", "n_seasons", "visits_per_night"}
        positive |= {"clear_fraction", "cloudy_nights"}
        for name in (f.name for f in fields(self) if f.type in (int, float)):
            value = getattr(self, name)
            if not np.isfinite(value) or value < 0 or (name in positive and value == 0):
                raise ValueError(f"Cadence: {name}={value} is not a possible value")
        for name in ("n_seasons", "visits_per_night"):
            if int(getattr(self, name)) != getattr(self, name):
                raise ValueError(f"Cadence: {name}={getattr(self, name)} is not a whole number")
        for name in ("clear_fraction", "pair_fraction"):
            if getattr(self, name) > 1:
                raise ValueError(f"Cadence: {name}={getattr(self, name)} is more than 1")


def get_cadence(survey):
    """Return the cadence that comes with a survey.

    LSST: wide-fast-deep, pairs of neighbouring bands half an hour apart; depths of Ivezic et
    al. (2019), ApJ 873, 111, Table 2, less 0.2 mag for airmass and seeing.  DES: shallow fields,
    griz in a row about every 7 days (Bernstein et al. 2012, ApJ 753, 152; Kessler et al. 2015, AJ
    150, 172).  ZTF: public g and r every third night (Bellm et al. 2019, PASP 131, 018002 and
    068003) and some i; its zero points are those of Masci et al. (2019), PASP 131, 018003.
    Zero points of DES, saturation and moonlight are rounded, typical values.

    Parameters
    ----------
    survey : str
        ``"LSST"``, ``"DES"`` or ``"ZTF"``, in any letter case.

    Returns
    -------
    cadence : Cadence

    Raises
    ------
    ValueError
        The survey has no cadence of its own.

    Examples
    --------
    >>> from dataclasses import replace
    >>> from skastro.datasets import get_cadence
    >>> two_years = replace(get_cadence("LSST"), n_seasons=2)
    >>> two_years.bands
    ['u', 'g', 'r', 'i', 'z', 'Y']
    """
    known = {name.lower(): cadence for name, cadence in _CADENCES.items()}
    if str(survey).lower() not in known:
        raise ValueError(
            f"no cadence comes with survey {survey!r}, only with {', '.join(_CADENCES)}; "
            "give one with cadence=Cadence(...)"
        )
    return known[str(survey).lower()]


def _table(bands, values):
    return dict(zip(bands, values))


_CADENCES = {
    "LSST": Cadence(
        _table("ugrizY", [23.58, 24.61, 24.15, 23.72, 23.14, 22.25]),
        _table("ugrizY", [30.21, 32.20, 32.05, 31.86, 31.47, 30.51]),
        _table("ugrizY", [14.7, 15.7, 15.8, 15.8, 15.3, 13.9]),
        shares=_table("ugrizY", [0.12, 0.17, 0.28, 0.21, 0.20, 0.02]),
        moon=_table("ugrizY", [-1.0, -0.6, -0.1, 0.2, 0.5, 0.6]),
        moonlight=_table("ugrizY", [1.1, 0.8, 0.5, 0.3, 0.15, 0.05]),
    ),
    "DES": Cadence(
        _table("griz", [23.7, 23.6, 23.5, 23.4]),
        _table("griz", [32.0, 32.1, 32.2, 32.5]),
        _table("griz", [15.8, 15.8, 15.7, 15.6]),
        moonlight=_table("griz", [0.6, 0.4, 0.2, 0.1]),
        visits_per_night=4,
        pair_fraction=0.95,
        revisit=0.004,
        night_gap=5.6,
        regularity=12.0,
        season_length=165.0,
        declinations=(-45.0, 1.0),
    ),
    "ZTF": Cadence(
        _table("gri", [20.8, 20.6, 19.9]),
        _table("gri", [28.30, 28.26, 27.64]),
        _table("gri", [13.2, 13.2, 12.8]),
        shares=_table("gri", [0.85, 0.15, 0.0]),
        moonlight=_table("gri", [0.9, 0.6, 0.3]),
        pair_fraction=0.75,
        revisit=0.04,
        night_gap=2.4,
        regularity=6.0,
        season_length=230.0,
        midnight=0.33,
        declinations=(-28.0, 80.0),
    ),
}
