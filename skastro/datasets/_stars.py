"""Stars of the Milky Way: pulsating, eclipsing, flaring and lensed stars, in apparent flux.

Difference images subtract a template, for a variable star the mean of five earlier visits; with
`Variety` one visit, or the median of several, because the coadds of a survey
reject outliers, so that an eclipse leaves no trace.
"""

import numpy as np

from skastro.datasets._shapes import flare, magnification, pulsation
from skastro.datasets._source import Source, draw_common, draw_normal, draw_scale, to_flux
from skastro.datasets._spectra import thermal

_R_BAND = 6200.0
_FLARES = 64
_RATIOS_AB, _LAGS_AB = (1.0, 0.47, 0.34, 0.22), (0.0, 2.4, 5.1, 1.5)
_RATIOS_C, _LAGS_C = (1.0, 0.13), (0.0, 3.0)


def _draw_counts(rng, n, bright, faint, slope):
    """Draw magnitudes with counts that grow as ``10 ** (slope m)``."""
    weight = np.log(10) * slope
    return bright + np.log1p(rng.random(n) * np.expm1(weight * (faint - bright))) / weight


def _against_template(brightness, phase, period, p):
    """Return the flux now, and its mean over five phases of the template, or the median."""
    phases = p["template"].T
    visits = [brightness(cycles) for cycles in phases]
    template = sum(visits) / 5 if len(phases) == 5 else np.median(visits, axis=0)
    return brightness(phase / period), template


def draw_lyrae(rng, n, scene):
    """Draw RR Lyrae stars: three of four pulsate in the fundamental mode (RRab).

    Periods 0.58 +- 0.08 d and V amplitudes 0.9 +- 0.25 mag (RRab), 0.33 +- 0.04 d and 0.45 +- 0.1
    mag (RRc), as in Sesar et al. (2010), ApJ 708, 717, section 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Scene
    >>> from skastro.datasets._stars import draw_lyrae
    >>> draw_lyrae(np.random.default_rng(0), 9, Scene(16.0, 24.0, 200.0))["template"].shape
    (9, 5)
    """
    first_overtone = rng.random(n) < 0.25
    period = draw_normal(rng, n, np.where(first_overtone, 0.33, 0.58), 0.06)
    amplitude = draw_normal(rng, n, np.where(first_overtone, 0.45, 0.9), 0.2, 0.15)
    return draw_common(rng, n, dust=0.0, ripple=0.03) | {
        "magnitude": _draw_counts(rng, n, scene.bright - 0.5, scene.faint - 1.0, 0.06),
        "period": period,
        "amplitude": amplitude,
        "first_overtone": first_overtone,
        "temperature": draw_normal(rng, n, 6600.0, 300.0),
        "template": rng.random((n, scene.template_visits)),
    }


def lyrae(phase, wavelength, p):
    """Return an RR Lyrae star: Fourier series in magnitudes, smaller in red light.

    The amplitude falls as ``lambda^-1.2`` from 4500 Angstrom on, as the g, r, i, z amplitudes of
    Sesar et al. (2010) do; Fourier phases of Simon & Lee (1981), ApJ 248, 291, in the sine form.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows, Scene
    >>> from skastro.datasets._stars import draw_lyrae, lyrae
    >>> p = Rows(draw_lyrae(np.random.default_rng(0), 1, Scene(16, 24, 200)), np.zeros(9, int))
    >>> flux, template = lyrae(np.linspace(0, 1, 9), np.full(9, 4800.0), p)
    >>> bool(flux.max() > template[0] > flux.min())
    True
    """
    amplitude = p["amplitude"] * (np.maximum(wavelength, 4500.0) / 5500.0) ** -1.2
    mean = to_flux(p["magnitude"]) * thermal(wavelength, p["temperature"], _R_BAND, 3900.0, 3.0)

    def brightness(cycles):
        fundamental = pulsation(cycles, _RATIOS_AB, _LAGS_AB)
        overtone = pulsation(cycles, _RATIOS_C, _LAGS_C)
        shape = np.where(p["first_overtone"], overtone, fundamental)
        return mean * 10 ** (0.4 * amplitude * shape)

    return _against_template(brightness, phase, p["period"], p)


def draw_eclipsing(rng, n, scene):
    """Draw eclipsing binaries from contact to detached, of 3500-8500 K.

    Periods are log-normal around 1 day; eclipses fill a smaller share of a long period (Prsa et
    al. 2011, AJ 141, 83, figs. 8 and 10).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Scene
    >>> from skastro.datasets._stars import draw_eclipsing
    >>> bool((draw_eclipsing(np.random.default_rng(0), 9, Scene(16, 24, 200))["width"] < 0.1).all())
    True
    """
    period = draw_scale(rng, n, 1.0, 1.0)
    first = rng.uniform(0.1, 0.8, n)
    return draw_common(rng, n, dust=0.0, ripple=0.03) | {
        "magnitude": _draw_counts(rng, n, scene.bright, scene.faint - 1.5, 0.15),
        "period": period,
        "first": first,
        "second": first * rng.uniform(0.1, 1.0, n),
        "width": np.clip(0.045 * period ** (-2 / 3), 0.01, 0.09),
        "tides": 0.12 * rng.random(n) * np.minimum(period**-1.0, 1.0),
        "temperature": draw_scale(rng, n, 5400.0, 0.2),
        "contrast": draw_normal(rng, n, 0.1, 0.15),
        "template": rng.random((n, scene.template_visits)),
    }


def eclipsing(phase, wavelength, p):
    """Return an eclipsing binary: two Gaussian eclipses and tidal waves, in magnitudes.

    ``m = d1 g(x) + d2 g(x - 1/2) + tides cos(4 pi x)``; in blue light the first is deeper by
    ``(lambda / 5500) ** -contrast``, as the hidden star is the hotter one.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows, Scene
    >>> from skastro.datasets._stars import draw_eclipsing, eclipsing
    >>> p = Rows(draw_eclipsing(np.random.default_rng(0), 1, Scene(16, 24, 200)), np.zeros(2, int))
    >>> eclipse, later = eclipsing(np.array([0.0, 0.3]) * p["period"], np.full(2, 6000.0), p)[0]
    >>> bool(eclipse < later)
    True
    """
    mean = to_flux(p["magnitude"]) * thermal(wavelength, p["temperature"], _R_BAND, 3900.0, 2.0)
    first = p["first"] * (np.asarray(wavelength) / 5500.0) ** -p["contrast"]

    def brightness(cycles):
        near = (cycles + 0.5) % 1 - 0.5
        far = cycles % 1 - 0.5
        dip = first * np.exp(-0.5 * (near / p["width"]) ** 2)
        dip = dip + p["second"] * np.exp(-0.5 * (far / p["width"]) ** 2)
        return mean * 10 ** (-0.4 * (dip + p["tides"] * np.cos(4 * np.pi * cycles)))

    return _against_template(brightness, phase, p["period"], p)


def draw_flaring(rng, n, scene):
    """Draw M dwarfs that flare: minutes to hours, 10,000 K on a star of 3000 K.

    Widths at half maximum are log-normal around 40 minutes (Davenport et al. 2014 measure minutes
    to hours), and the largest flares are brighter in u than their star by 0.5-6 mag.  Where
    the scene has many flares, a star flares again, once in 1 to 100 days; energies follow a power
    law, so that the contrast of the others is exponentially lower (Hawley et al. 2014, ApJ 797,
    121, section 3).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Scene
    >>> from skastro.datasets._stars import draw_flaring
    >>> draw_flaring(np.random.default_rng(0), 9, Scene(16, 24, 200))["half_time"].shape
    (9,)
    """
    p = draw_common(rng, n, dust=0.0, ripple=0.05) | {
        "magnitude": _draw_counts(rng, n, scene.bright, scene.faint - 1.0, 0.2),
        "contrast": rng.uniform(0.5, 6.0, n),
        "half_time": draw_scale(rng, n, 40 / 1440, 0.8),
        "temperature": draw_normal(rng, n, 3050.0, 150.0),
        "flare_temperature": draw_scale(rng, n, 10000.0, 0.12),
    }
    return p | _draw_more_flares(rng, p["contrast"]) if scene.many_flares else p


def _draw_more_flares(rng, contrast):
    n = len(contrast)
    return {
        "interval": np.exp(rng.uniform(0.0, np.log(100.0), n)),
        "flare_start": rng.random((n, _FLARES)),
        "flare_contrast": contrast[:, None] - rng.exponential(1.2, (n, _FLARES)),
    }


def flaring(phase, wavelength, p):
    """Return a flaring M dwarf: its quiescent light and its flares (Kowalski et al. 2013).

    One flare is at phase 0; of the others, if there are any, one falls into each interval.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows, Scene
    >>> from skastro.datasets._stars import draw_flaring, flaring
    >>> p = Rows(draw_flaring(np.random.default_rng(0), 1, Scene(16, 24, 200)), np.zeros(2, int))
    >>> flux, template = flaring(np.array([-5.0, 0.0]), np.full(2, 3650.0), p)
    >>> bool(flux[0] == template[0] and flux[1] > template[1])
    True
    """
    star, u_band = to_flux(p["magnitude"]), 3650.0
    quiet = star * thermal(wavelength, p["temperature"], _R_BAND, 4500.0, 2.0)
    height = star * thermal(u_band, p["temperature"], _R_BAND, 4500.0, 2.0)
    colour = thermal(wavelength, p["flare_temperature"], u_band)
    shape = 10 ** (0.4 * p["contrast"]) * flare(phase, p["half_time"])
    return quiet + height * colour * (shape + _other_flares(phase, p)), quiet


def _other_flares(phase, p):
    """Return the light of the flares of this interval and of the one before, relative to u."""
    light = np.zeros(len(phase))
    if "interval" not in p.parameters:
        return light
    number = np.floor(phase / p["interval"]).astype(int)
    for back in (0, 1):
        k = (number - back) % _FLARES
        start = number - back + p.parameters["flare_start"][p.ids, k]
        since = phase - start * p["interval"]
        contrast = p.parameters["flare_contrast"][p.ids, k]
        light += 10 ** (0.4 * contrast) * flare(since, p["half_time"])
    return light


def draw_lensed(rng, n, scene):
    """Draw stars lensed by a passing star: Einstein times log-normal around 25 days.

    Impact parameters are uniform from 0 to 1, times scatter by 0.35 dex (Mroz et al. 2019, ApJS
    244, 29, fig. 8), and part of the light is a blend.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Scene
    >>> from skastro.datasets._stars import draw_lensed
    >>> bool((draw_lensed(np.random.default_rng(0), 9, Scene(16, 24, 200))["share"] <= 1).all())
    True
    """
    return draw_common(rng, n, dust=0.0, ripple=0.03) | {
        "magnitude": _draw_counts(rng, n, scene.bright + 0.5, scene.faint + 1.0, 0.2),
        "einstein_time": draw_scale(rng, n, 25.0, 0.8),
        "impact": rng.uniform(0.005, 1.0, n),
        "share": 1 - 0.8 * rng.random(n) ** 2,
        "temperature": draw_scale(rng, n, 4900.0, 0.15),
    }


def lensed(phase, wavelength, p):
    """Return a lensed star: ``F (1 + share (A - 1))``; its colour does not change.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows, Scene
    >>> from skastro.datasets._stars import draw_lensed, lensed
    >>> p = Rows(draw_lensed(np.random.default_rng(0), 1, Scene(16, 24, 200)), np.zeros(1, int))
    >>> flux, template = lensed(np.zeros(1), np.full(1, 6000.0), p)
    >>> bool(flux[0] > template[0])
    True
    """
    star = to_flux(p["magnitude"])
    star = star * thermal(wavelength, p["temperature"], _R_BAND, 3900.0, 2.0)
    gain = p["share"] * (magnification(phase, p["einstein_time"], p["impact"]) - 1)
    return star * (1 + gain), star


STARS = [
    Source("RRL", draw_lyrae, lyrae, galactic=True, peaked=False),
    Source("EB", draw_eclipsing, eclipsing, galactic=True, peaked=False),
    Source("Mdwarf-flare", draw_flaring, flaring, galactic=True, placement="visit"),
    Source("uLens", draw_lensed, lensed, galactic=True),
]
