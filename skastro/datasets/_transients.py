"""Other sources outside the Milky Way: kilonovae, tidal disruptions, active nuclei."""

import numpy as np

from skastro.datasets._shapes import bazin, damped_random_walk, tidal_disruption
from skastro.datasets._source import Source, draw_common, draw_normal, draw_scale, to_flux
from skastro.datasets._spectra import cooling, thermal

_STEP, _LEAD, _TEMPLATE_DAYS = 2.0, 300.0, 100.0


def draw_kilonova(rng, n, scene):
    """Draw kilonovae around AT2017gfo: M_r -15.8 +- 0.7, days long, cooling from 8000 K.

    Peak magnitude, temperatures and times scatter around Villar et al. (2017), ApJL 851, L21,
    and Cowperthwaite et al. (2017), ApJL 848, L17.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._transients import draw_kilonova
    >>> bool((draw_kilonova(np.random.default_rng(0), 9, None)["fall"] < 10).all())
    True
    """
    rise = draw_scale(rng, n, 0.25, 0.3)
    return draw_common(rng, n, dust=0.05, ripple=0.06) | {
        "magnitude": draw_normal(rng, n, -15.8, 0.7),
        "rise": rise,
        "fall": np.maximum(draw_scale(rng, n, 1.7, 0.35), 1.3 * rise),
        "temperature": draw_scale(rng, n, 7500.0, 0.2),
        "cooling_time": draw_scale(rng, n, 1.6, 0.3),
    }


def kilonova(phase, wavelength, p):
    """Return a kilonova: reference 6200 Angstrom, cooling to 2600 K, so that red light lasts.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._transients import draw_kilonova, kilonova
    >>> p = Rows(draw_kilonova(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> blue, red = kilonova(np.full(2, 5.0), np.array([4800.0, 9000.0]), p)[0]
    >>> bool(blue < red)
    True
    """
    temperature = cooling(phase, p["temperature"], 2600.0, p["cooling_time"], earliest=-0.5)
    colour = thermal(wavelength, temperature, 6200.0, 4000.0, 1.0)
    return bazin(phase, p["rise"], p["fall"]) * colour * to_flux(p["magnitude"]), 0.0


def draw_disruption(rng, n, scene):
    """Draw tidal disruptions: M_g -19.3 +- 0.9, 12,000-40,000 K (Hammerstein et al. 2023, fig. 6).

    Rise and decay times as van Velzen et al. (2021), ApJ 908, 4, fig. 9.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._transients import draw_disruption
    >>> draw_disruption(np.random.default_rng(0), 9, None)["decay"].shape
    (9,)
    """
    return draw_common(rng, n, dust=0.06, ripple=0.04) | {
        "magnitude": draw_normal(rng, n, -19.3, 0.9),
        "rise": draw_scale(rng, n, 12.0, 0.35),
        "decay": draw_scale(rng, n, 60.0, 0.45),
        "temperature": np.clip(draw_scale(rng, n, 19000.0, 0.3), 11000.0, 45000.0),
        "drift": draw_normal(rng, n, 0.001, 0.001),
    }


def disruption(phase, wavelength, p):
    """Return a tidal disruption: reference g, a hot blackbody whose temperature hardly drifts.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._transients import disruption, draw_disruption
    >>> p = Rows(draw_disruption(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> blue, red = disruption(np.full(2, 80.0), np.array([3600.0, 9000.0]), p)[0]
    >>> bool(blue > red)
    True
    """
    warming = np.exp(p["drift"] * np.clip(phase, -50, 300))
    colour = thermal(wavelength, p["temperature"] * warming, 4800.0)
    shape = tidal_disruption(phase, p["rise"], p["decay"])
    return shape * colour * to_flux(p["magnitude"]), 0.0


def draw_nucleus(rng, n, scene):
    """Draw active nuclei, M_i -22.6 +- 1.3, with damped random walks of MacLeod et al. (2010).

    ApJ 721, 1014, eq. 7 and table 1: ``log10 f = A + B log10(lambda / 4000 A) + C (M_i + 23) + D
    log10(M_BH / 1e9)`` for the amplitude SF_inf [mag] and the damping time [days].  Black holes
    of ``log10 M_BH = 8.2 - 0.3 (M_i + 23) +- 0.4``.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Scene
    >>> from skastro.datasets._transients import draw_nucleus
    >>> draw_nucleus(np.random.default_rng(0), 9, Scene(16.0, 24.5, 200.0))["walk"].shape
    (9, 351)
    """
    magnitude = draw_normal(rng, n, -22.6, 1.3)
    mass = draw_normal(rng, n, 8.2 - 0.3 * (magnitude + 23), 0.4) - 9
    time = 10 ** (2.4 + 0.03 * (magnitude + 23) + 0.21 * mass + 0.15 * rng.standard_normal(n))
    steps = int((2 * scene.span + _LEAD) / _STEP) + 1
    amplitude = 10 ** (-0.51 + 0.131 * (magnitude + 23) + 0.18 * mass) / np.sqrt(2)
    if scene.nuclei_scatter:
        amplitude = amplitude * draw_scale(rng, n, 1.0, scene.nuclei_scatter)
    return draw_common(rng, n, dust=0.03, ripple=0.05) | {
        "magnitude": magnitude,
        "power": draw_normal(rng, n, 0.5, 0.3),
        "amplitude": amplitude,
        "begin": np.full(n, -scene.span - _LEAD),
        "walk": damped_random_walk(rng, steps, time, np.full(n, _STEP)),
    }


def nucleus(phase, wavelength, p):
    """Return an active nucleus: a power law ``f_nu ~ lambda^power`` that walks in magnitudes.

    The amplitude falls with wavelength as ``lambda^-0.479``; the template is the mean brightness
    of 100 days before the survey.  Mean spectrum: power 0.5 (Vanden Berk et al. 2001).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows, Scene
    >>> from skastro.datasets._transients import draw_nucleus, nucleus
    >>> p = draw_nucleus(np.random.default_rng(0), 1, Scene(16.0, 24.5, 200.0))
    >>> p = Rows(p | {"redshift": np.ones(1)}, np.zeros(3, int))
    >>> [part.shape for part in nucleus(np.arange(3.0), np.full(3, 4000.0), p)]
    [(3,), (3,)]
    """
    walk = p.parameters["walk"]
    steps = (phase * (1 + p["redshift"]) - p["begin"]) / _STEP
    steps = np.clip(steps, 0, walk.shape[1] - 1.001)
    left = steps.astype(int)
    share = steps - left
    now = (1 - share) * walk[p.ids, left] + share * walk[p.ids, left + 1]
    before = walk[:, : int(_TEMPLATE_DAYS / _STEP)].mean(axis=1)[p.ids]
    amplitude = p["amplitude"] * (np.asarray(wavelength) / 4000.0) ** -0.479
    mean = to_flux(p["magnitude"]) * (np.asarray(wavelength) / 7500.0) ** p["power"]
    return mean * 10 ** (-0.4 * amplitude * now), mean * 10 ** (-0.4 * amplitude * before)


EXTRAGALACTIC = [
    Source("KN", draw_kilonova, kilonova, brightest=-17.0),
    Source("TDE", draw_disruption, disruption, brightest=-20.6, evolution=-2.0, farthest=1.5),
    Source(
        "AGN", draw_nucleus, nucleus, brightest=-24.0, evolution=3.0, farthest=2.5, peaked=False
    ),
]
