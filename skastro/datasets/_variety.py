"""Variations, from object to object, of what simulations of one survey disagree about."""

from dataclasses import dataclass, replace
from numbers import Integral

import numpy as np
from numpy.typing import NDArray

from skastro.datasets._cadence import Cadence
from skastro.datasets._host import HostRedshifts


@dataclass(frozen=True)
class Variety:
    """Vary from object to object what simulations of one survey disagree about.

    A classifier that is trained on one simulator learns its spectra, luminosities, cadence and
    templates to the last detail, and is confidently wrong elsewhere.  A classifier cannot
    rely on what varies at random in training.

    Parameters
    ----------
    slope : (float, float), default=(-0.6, 0.6)
        Range of the power of ``wavelength / 4400 Angstrom`` in the rest frame by which spectra
        outside the Milky Way are multiplied: dust, zero points, and the ultraviolet, which
        templates know least.

    magnitude : (float, float), default=(-0.3, 0.9)
        Range of the change of luminosity outside the Milky Way [mag]; positive is fainter.

    per_wavelength : float, default=0.5
        Fraction of the objects outside the Milky Way whose fluxes are per wavelength instead of per
        frequency, a power of -2 in addition: simulations and catalogues have both.

    late_light : (float, float), default=(0.1, 1.0)
        Range of the factor of the radioactive tails of supernovae and of the lengths of plateaus:
        tails are missing in templates that end early, and hydrogen-rich supernovae without plateau
        (IIL, IIb, IIn) are three of ten [2]_.

    unpaired : float, default=0.5
        Fraction of fields with a single visit per night instead of two.

    season_scatter : float, default=0.35
        Seasons are up to 1 / (1 - `season_scatter` / 2) times as long as in the cadence, and
        shorter by up to this fraction of that.

    template_visits : int, default=1
        The template of a variable star is the median of that many visits; five: their mean.  A
        single one may be any brightness of the star, so that its fluxes may all be positive, all
        negative, or both.

    many_flares : bool, default=True
        Whether flaring stars flare more than once.

    nuclei_scatter : float, default=0.6
        Standard deviation of the natural logarithm of the amplitude of active nuclei: nuclei of one
        luminosity and mass differ, and those that change their look vary most.

    hosts : HostRedshifts, default=HostRedshifts(missing=0.1, galactic=0.03)
        Redshifts, unless `make_light_curves` receives `hosts`.  Hosts are found for about nine
        supernovae of ten [1]_; with 30 galaxies per square arcminute bright enough for a redshift,
        3 % of random positions lie within 1.1 arcseconds of one.

    uniform_redshifts : float, default=0.5
        Fraction of the objects outside the Milky Way, before detection, whose redshifts are uniform
        between the limits of their class, instead of following volume and rate: rates and
        luminosity functions decide which redshifts a simulation has, and are known least.

    See Also
    --------
    skastro.augmentation.SurveyVariation : The same for existing light curves.

    References
    ----------
    .. [1] R. R. Gupta et al., "Host galaxy identification for supernova surveys", AJ 152, 154
       (2016), arXiv:1604.06138.
    .. [2] N. Smith et al., "Observed fractions of core-collapse supernova types", MNRAS 412, 1522
       (2011), arXiv:1006.3899.
    .. [3] J. Tobin et al., "Domain randomization", IROS 2017, arXiv:1703.06907.

    Examples
    --------
    >>> from skastro.datasets import Variety, make_light_curves
    >>> X, y = make_light_curves(20, classes=["SNIa"], variety=Variety(), random_state=0)
    >>> len(X)
    20
    """

    slope: tuple[float, float] = (-0.6, 0.6)
    magnitude: tuple[float, float] = (-0.3, 0.9)
    per_wavelength: float = 0.5
    late_light: tuple[float, float] = (0.1, 1.0)
    unpaired: float = 0.5
    season_scatter: float = 0.35
    template_visits: int = 1
    many_flares: bool = True
    nuclei_scatter: float = 0.6
    hosts: HostRedshifts = HostRedshifts(missing=0.1, galactic=0.03)
    uniform_redshifts: float = 0.5

    def __post_init__(self):
        for name in ("slope", "magnitude", "late_light"):
            low, high = getattr(self, name)
            if not low <= high:
                raise ValueError(f"Variety: {name}={(low, high)} must be increasing")
        if not isinstance(self.template_visits, Integral) or self.template_visits < 1:
            raise ValueError(
                f"Variety: template_visits={self.template_visits!r} is not a positive integer"
            )
        for name in ("per_wavelength", "unpaired", "uniform_redshifts"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"Variety: {name}={getattr(self, name)} is not in [0, 1]")

    def change(self, cadence: Cadence) -> Cadence:
        """Return a cadence of which fields and seasons vary."""
        longer = cadence.season_length / (1 - self.season_scatter / 2)
        return replace(
            cadence,
            season_length=longer,
            season_scatter=self.season_scatter,
            unpaired=self.unpaired,
        )

    def draw(self, rng: np.random.Generator, n: int) -> dict[str, NDArray]:
        """Sample the change of each object outside the Milky Way."""
        slope = rng.uniform(*self.slope, n) - 2.0 * (rng.random(n) < self.per_wavelength)
        return {
            "slope_error": slope,
            "dimmed": rng.uniform(*self.magnitude, n),
            "late_light": rng.uniform(*self.late_light, n),
        }
