"""A class of objects in the simulator: how to draw it, and how it shines."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

ZERO_POINT = 27.5


@dataclass(frozen=True)
class Source:
    """One class of objects.

    Parameters
    ----------
    name : str
        Name of the class.

    draw : callable
        ``draw(rng, n, scene)`` returns a dict of arrays with `n` rows: the population.
        `scene` is a :class:`Scene`.  The names ``host_ebv``, ``ripple`` and ``ripple_lags`` act
        on every class alike; see :func:`draw_common`.

    model : callable
        ``model(phase, wavelength, p)`` returns the flux of all light and the flux of the
        template (what the difference image subtracts), one value per row, zero point 27.5.  Phase
        [days] and wavelength [Angstrom] are those of the rest frame and the flux that at 10 pc,
        but apparent values for objects of the Milky Way.  `p` is a :class:`Rows`.

    galactic : bool, default=False
        Whether the objects belong to the Milky Way: no redshift, no host.

    brightest : float, default=-19.0
        Absolute magnitude that few objects exceed; it limits the redshifts that are tried.

    evolution : float, default=0.0
        Power of (1 + z) of the rate per comoving volume.

    farthest : float, default=4.0
        Largest redshift.

    peaked : bool, default=True
        Whether the source is near its brightest at phase 0.

    placement : {"season", "visit"}, default="season"
        Phase 0 falls anywhere in a season, or shortly before a visit: the events of a class so
        brief that it is seen only then.

    Examples
    --------
    >>> from skastro.datasets._catalogue import SOURCES
    >>> SOURCES["SNIa"].galactic
    False
    """

    name: str
    draw: Callable
    model: Callable
    galactic: bool = False
    brightest: float = -19.0
    evolution: float = 0.0
    farthest: float = 4.0
    peaked: bool = True
    placement: str = "season"


class Scene(NamedTuple):
    """What a population has to know about the survey.

    Attributes
    ----------
    bright, faint : float
        Apparent magnitudes between which the survey sees point sources.

    span : float
        Days from the first to the last season's end.

    template_visits : int
        Visits whose mean (five) or median is the template of a variable star.

    many_flares : bool
        Whether a flaring star flares more than once.

    nuclei_scatter : float
        Scatter of the natural logarithm of the amplitude of active nuclei.

    Examples
    --------
    >>> from skastro.datasets._source import Scene
    >>> Scene(16.0, 24.5, 185.0).faint
    24.5
    """

    bright: float
    faint: float
    span: float
    template_visits: int = 5
    many_flares: bool = False
    nuclei_scatter: float = 0.0


class Rows:
    """Parameters of objects, read row by row: ``Rows(parameters, ids)["x"] = x[ids]``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> Rows({"x": np.array([5.0, 7.0])}, np.array([1, 1, 0]))["x"].tolist()
    [7.0, 7.0, 5.0]
    """

    def __init__(self, parameters, ids):
        self.parameters = parameters
        self.ids = ids

    def __getitem__(self, name):
        return self.parameters[name][self.ids]


def to_flux(magnitude):
    """Return ``10 ** (0.4 (27.5 - magnitude))``.

    Examples
    --------
    >>> from skastro.datasets._source import to_flux
    >>> float(to_flux(25.0))
    10.0
    """
    return 10 ** (0.4 * (ZERO_POINT - np.asarray(magnitude)))


def draw_normal(rng, n, mean, spread, low=-np.inf, high=np.inf):
    """Draw from a normal distribution and clip to ``[low, high]`` and to 3 deviations.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import draw_normal
    >>> draw_normal(np.random.default_rng(0), 3, 5.0, 0.0).tolist()
    [5.0, 5.0, 5.0]
    """
    values = mean + spread * np.clip(rng.standard_normal(n), -3, 3)
    return np.clip(values, low, high)


def draw_scale(rng, n, median, spread):
    """Draw a positive scale: log-normal, `spread` in natural logarithm, clipped to 3 deviations.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import draw_scale
    >>> draw_scale(np.random.default_rng(0), 2, 20.0, 0.0).round().tolist()
    [20.0, 20.0]
    """
    return np.exp(draw_normal(rng, n, np.log(median), spread))


def draw_common(rng, n, *, dust=0.1, ripple=0.05):
    """Draw what every class has: dust in its host and smooth deviations of its spectrum.

    E(B-V) of the host is exponential with mean `dust` magnitudes (as Kessler et al. 2009, ApJS
    185, 32, section 6.1, find for A_V of type Ia supernovae); `ripple` is the standard deviation
    of the two amplitudes of :func:`skastro.datasets._spectra.ripple`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import draw_common
    >>> sorted(draw_common(np.random.default_rng(0), 3))
    ['host_ebv', 'ripple', 'ripple_lags']
    """
    return {
        "host_ebv": np.minimum(rng.exponential(dust, n), 1.0) if dust else np.zeros(n),
        "ripple": ripple * rng.standard_normal((n, 2)),
        "ripple_lags": rng.uniform(0, 2 * np.pi, (n, 2)),
    }
