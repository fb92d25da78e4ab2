"""When a survey observes, in which bands, and how deep."""

from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray

from skastro.surveys import Survey


@dataclass(frozen=True)
class Cadence:
    """How a survey observes one field.

    A night of a field is a sequence of `visits_per_night` neighbouring bands.  The first band is
    sampled by `shares` and by the phase of the Moon.  Gaps between nights follow a gamma
    distribution; clouds stop the whole survey for several nights in a row.

    Parameters
    ----------
    depth : dict of str -> float
        Magnitude of a point source at S/N = 5 in one visit without moonlight; the keys are the
        bands, from blue to red.

    zero_point : dict of str -> float
        Magnitude of a source of one photo-electron in one visit.

    saturation : dict of str -> float
        Magnitude at which a point source saturates.

    shares : dict of str -> float, default={}
        Relative frequency of a band as the first of a night in grey time; 1 where missing.

    moon : dict of str -> float, default={}
        From -1 (never at full moon) to 1 (never at new moon); 0 where missing.

    moonlight : dict of str -> float, default={}
        Loss of `depth` at full moon [mag].

    visits_per_night : int, default=2
        Number of visits in one night, in neighbouring bands.

    pair_fraction : float, default=0.85
        Fraction of nights whose sequence does not stop after the first visit.

    revisit : float, default=0.026
        Mean time between visits of one night [days]; each varies by up to 20 %.

    night_gap : float, default=3.2
        Mean time between nights of one field [days], including cloudy ones.

    regularity : float, default=2.0
        Shape of the gamma distribution of the gaps: 1 is random, 10 almost regular.

    season_length : float, default=185.0
        Days per year on which a field is observable, around its midnight culmination.

    n_seasons : int, default=1
        Number of seasons.

    start : float, default=60796.0
        First day of the survey [MJD].

    clear_fraction : float, default=0.78
        Fraction of clear nights.

    cloudy_nights : float, default=2.5
        Mean length of bad weather [nights].

    depth_scatter : float, default=0.15
        Standard deviation of the depth from visit to visit [mag].

    midnight : float, default=0.17
        Fraction of MJD at local midnight.

    declinations : tuple of float, default=(-65.0, 5.0)
        Footprint [degrees].

    trigger_gap : float, default=0.02
        Time between the first detection and a detection that triggers [days].

    calibration : float, default=0.005
        Relative calibration error of the photometry.

    unpaired : float, default=0.0
        Fraction of fields with a single visit per night, on more nights.

    season_scatter : float, default=0.0
        Largest fraction by which the season of a field is shorter, uniform from 0.

    See Also
    --------
    get_cadence : The predefined cadences.

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
    unpaired: float = 0.0
    season_scatter: float = 0.0

    @property
    def bands(self) -> list[str]:
        """Names of the bands, from blue to red."""
        return list(self.depth)

    def per_band(self, name: str, default: float = 0.0) -> NDArray[np.float64]:
        """Return one of the tables as an array in the order of `bands`."""
        table = getattr(self, name)
        return np.array([float(table.get(band, default)) for band in self.bands])

    def check(self, survey: Survey) -> None:
        """Raise if a value cannot be simulated.

        Raises
        ------
        ValueError
            A band lacks an entry or is unknown to `survey`, or a number is out of its range.
        """
        if not self.depth:
            raise ValueError("Cadence: depth has no band")
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
                raise ValueError(f"Cadence: {name}={value} is not possible")
        for name in ("n_seasons", "visits_per_night"):
            if int(getattr(self, name)) != getattr(self, name):
                raise ValueError(f"Cadence: {name}={getattr(self, name)} is not an integer")
        for name in ("clear_fraction", "pair_fraction", "unpaired", "season_scatter"):
            if getattr(self, name) > 1:
                raise ValueError(f"Cadence: {name}={getattr(self, name)} is more than 1")


def get_cadence(survey: str) -> Cadence:
    """Return the predefined cadence of a survey.

    LSST: wide-fast-deep, pairs of neighbouring bands half an hour apart; depths of Ivezic et
    al. (2019), ApJ 873, 111, Table 2, minus 0.2 mag for airmass and seeing.  DES: shallow fields,
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
        The survey has no predefined cadence.

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
            f"survey {survey!r} has no predefined cadence, only {', '.join(_CADENCES)}; pass "
            "cadence=Cadence(...)"
        )
    return known[str(survey).lower()]


def _table(bands: str, values: Sequence[float]) -> dict[str, float]:
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
