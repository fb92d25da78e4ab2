"""Supernovae: populations, and light curves of cooling, blanketed photospheres.

The light curve at one reference wavelength is given by a formula, the others follow from the
temperature: ``L(t, lambda) = L_ref(t) S(lambda, T(t)) / S(lambda_ref, T(t))`` with the blanketed
blackbody S of :func:`skastro.datasets._spectra.thermal`.
"""

from functools import lru_cache

import numpy as np
from scipy.special import expit

from skastro.datasets._shapes import bazin, plateau, radioactive
from skastro.datasets._source import Source, draw_common, draw_normal, draw_scale, to_flux
from skastro.datasets._spectra import cooling, thermal

B_BAND, V_BAND = 4400.0, 5500.0
_IA_RISE, _IA_FALL = 3.3, 8.0
_TAIL = 0.12


@lru_cache(maxsize=1)
def _decline_table():
    stretch = np.linspace(1.8, 0.3, 400)
    return -2.5 * np.log10(radioactive(15 / stretch, _IA_RISE, _IA_FALL)), stretch


def stretch_of(decline):
    """Return the stretch of time that gives the B light curve of an Ia the decline Delta m15.

    Examples
    --------
    >>> from skastro.datasets._supernovae import stretch_of
    >>> bool(stretch_of(0.9) > stretch_of(1.5))
    True
    """
    return np.interp(decline, *_decline_table())


def phillips(decline):
    """Return the absolute B magnitude of a type Ia supernova of decline Delta m15(B).

    ``-19.3 + 0.786 d + 0.633 d^2`` with ``d = Delta m15 - 1.1`` (Phillips et al. 1999, AJ 118,
    1766, eq. 18), for H0 = 70.

    Examples
    --------
    >>> from skastro.datasets._supernovae import phillips
    >>> float(phillips(1.1))
    -19.3
    """
    d = np.asarray(decline) - 1.1
    return -19.3 + 0.786 * d + 0.633 * d**2


def draw_ia(rng, n, scene):
    """Draw normal type Ia supernovae: Delta m15(B) ~ N(1.1, 0.2) in 0.75-1.7, 0.12 mag scatter.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_ia
    >>> draw_ia(np.random.default_rng(0), 4, None)["decline"].shape
    (4,)
    """
    decline = draw_normal(rng, n, 1.1, 0.2, 0.75, 1.7)
    return draw_common(rng, n, dust=0.08, ripple=0.04) | {
        "decline": decline,
        "stretch": stretch_of(decline),
        "magnitude": draw_normal(rng, n, phillips(decline), 0.12),
        "temperature": draw_scale(rng, n, 11500.0, 0.07),
        "slope": draw_normal(rng, n, 4.5, 0.6, 1.0),
        "bump": draw_normal(rng, n, 0.45, 0.12, 0.0),
    }


def ia(phase, wavelength, p):
    """Return a type Ia supernova with the secondary maximum of the near infrared.

    Reference B.  The second maximum is a Gaussian at +24 stretch days, redwards of about 7000
    Angstrom (Kasen 2006, ApJ 649, 939), in units of the first.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._supernovae import draw_ia, ia
    >>> p = Rows(draw_ia(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> flux, template = ia(np.array([0.0, 30.0]), np.full(2, 4400.0), p)
    >>> bool(flux[0] > 3 * flux[1]), template
    (True, 0.0)
    """
    time = phase / p["stretch"]
    temperature = cooling(time, p["temperature"], 5300.0, 18.0)
    colour = thermal(wavelength, temperature, B_BAND, 3800.0, p["slope"])
    first = radioactive(time, _IA_RISE, _IA_FALL, fraction=_tail(p)) * colour
    at_peak = thermal(wavelength, p["temperature"], B_BAND, 3800.0, p["slope"])
    height = p["bump"] * expit((np.asarray(wavelength) - 7000.0) / 400.0)
    second = height * np.exp(-0.5 * ((time - 24.0) / 8.0) ** 2) * at_peak
    return (first + second) * to_flux(p["magnitude"]), 0.0


def _draw_photosphere(rng, n, magnitude, rise, fall, temperature, edge, **common):
    """Draw the parameters of :func:`photosphere` around the medians given."""
    rise = draw_scale(rng, n, *rise)
    return draw_common(rng, n, **common) | {
        "magnitude": draw_normal(rng, n, *magnitude),
        "rise": rise,
        "fall": np.maximum(draw_scale(rng, n, *fall), 1.3 * rise),
        "temperature": draw_scale(rng, n, *temperature),
        "edge": draw_normal(rng, n, edge, 150.0),
    }


def draw_91bg(rng, n, scene):
    """Draw faint, fast, red Ia as SN 1991bg (Taubenberger 2017, table 1): M_B -17.1 +- 0.5.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_91bg
    >>> bool((draw_91bg(np.random.default_rng(0), 9, None)["magnitude"] > -19).all())
    True
    """
    scales = (2.8, 0.12), (6.0, 0.15), (8200.0, 0.08)
    return _draw_photosphere(rng, n, (-17.1, 0.5), *scales, 4500.0, dust=0.04)


def draw_iax(rng, n, scene):
    """Draw type Iax supernovae (Foley et al. 2013, ApJ 767, 57): M_B -16.8 +- 1.1, wide scatter.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_iax
    >>> draw_iax(np.random.default_rng(0), 9, None)["fall"].shape
    (9,)
    """
    scales = (3.0, 0.2), (7.0, 0.25), (10500.0, 0.1)
    return _draw_photosphere(rng, n, (-16.8, 1.1, -18.9, -13.5), *scales, 3700.0)


def draw_ibc(rng, n, scene):
    """Draw stripped supernovae Ib and Ic: M_V -17.6 +- 0.8 before dust.

    Richardson et al. (2014), AJ 147, 118, table 1; widths and dust as Drout et al. (2011), ApJ
    741, 97, sections 4-5.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_ibc
    >>> draw_ibc(np.random.default_rng(0), 9, None)["rise"].shape
    (9,)
    """
    scales = (4.0, 0.25), (11.0, 0.25), (8500.0, 0.12)
    return _draw_photosphere(rng, n, (-17.6, 0.8), *scales, 4100.0, dust=0.2, ripple=0.07)


def _photosphere(phase, wavelength, p, late, time_scale, reference):
    temperature = cooling(phase, p["temperature"], late, time_scale, earliest=-10.0)
    colour = thermal(wavelength, temperature, reference, p["edge"], 3.0)
    shape = radioactive(phase, p["rise"], p["fall"], fraction=_tail(p))
    return shape * colour * to_flux(p["magnitude"]), 0.0


def _tail(p):
    """Return the share of the light in the radioactive tail."""
    return _TAIL * p["late_light"] if "late_light" in p.parameters else _TAIL


def faint_ia(phase, wavelength, p):
    """Return a 91bg or Iax: nickel-powered, reference B, cooling to 4800 K in 12 days.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._supernovae import draw_91bg, faint_ia
    >>> p = Rows(draw_91bg(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> blue, red = faint_ia(np.zeros(2), np.array([4000.0, 6000.0]), p)[0]
    >>> bool(blue < red)
    True
    """
    return _photosphere(phase, wavelength, p, 4800.0, 12.0, B_BAND)


def stripped(phase, wavelength, p):
    """Return a type Ib or Ic: nickel-powered, reference V, cooling to 4900 K in 15 days.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._supernovae import draw_ibc, stripped
    >>> p = Rows(draw_ibc(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> early, late = stripped(np.array([0.0, 40.0]), np.full(2, 5500.0), p)[0]
    >>> bool(early > late)
    True
    """
    return _photosphere(phase, wavelength, p, 4900.0, 15.0, V_BAND)


def draw_ii(rng, n, scene):
    """Draw hydrogen-rich supernovae from plateau (IIP) to linear (IIL), M_V -16.8 +- 0.9.

    Plateau slopes of 0-4 mag in 100 days that are steeper for brighter ones, lengths of 85 +- 17
    days (Anderson et al. 2014, ApJ 786, 67, figs. 7, 12); magnitudes of Richardson et al. (2014).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_ii
    >>> bool((draw_ii(np.random.default_rng(0), 9, None)["length"] > 20).all())
    True
    """
    magnitude = draw_normal(rng, n, -16.8, 0.9)
    return draw_common(rng, n, dust=0.12, ripple=0.06) | {
        "magnitude": magnitude,
        "slope": draw_normal(rng, n, 1.2 - 0.6 * (magnitude + 16.8), 0.7, 0.0, 4.0),
        "length": draw_normal(rng, n, 85.0, 17.0, 40.0),
        "drop": draw_normal(rng, n, 1.8, 0.4, 0.5),
        "rise": draw_scale(rng, n, 1.8, 0.35),
        "temperature": draw_scale(rng, n, 12500.0, 0.12),
        "cooling_time": draw_scale(rng, n, 17.0, 0.2),
    }


def hydrogen_rich(phase, wavelength, p):
    """Return a type II: plateau in V while the photosphere recombines at 5700 K.

    Blanketing bluewards of 4000 Angstrom sets in as the photosphere cools.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._supernovae import draw_ii, hydrogen_rich
    >>> p = Rows(draw_ii(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> early, late = hydrogen_rich(np.array([0.0, 60.0]), np.full(2, 3700.0), p)[0]
    >>> bool(early > 4 * late)
    True
    """
    length = p["length"] * (p["late_light"] if "late_light" in p.parameters else 1.0)
    shape = plateau(phase, p["rise"], p["slope"], length, p["drop"])
    temperature = cooling(phase, p["temperature"], 5700.0, p["cooling_time"], earliest=-5.0)
    slope = 1.0 + 3.0 * expit((phase - 25.0) / 8.0)
    colour = thermal(wavelength, temperature, V_BAND, 4000.0, slope)
    return shape * colour * to_flux(p["magnitude"]), 0.0


def draw_slsn(rng, n, scene):
    """Draw hydrogen-poor superluminous supernovae: M(4000) -21.3 +- 0.7, broad.

    Magnitudes and e-folding times of rise and fall as De Cia et al. (2018), ApJ 860, 100, table 6
    and figs. 6-8; temperatures of Nicholl et al. (2017), ApJ 850, 55, fig. 4.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._supernovae import draw_slsn
    >>> bool((draw_slsn(np.random.default_rng(0), 9, None)["magnitude"] < -19).all())
    True
    """
    rise = draw_scale(rng, n, 10.0, 0.3)
    return draw_common(rng, n, dust=0.04, ripple=0.06) | {
        "magnitude": draw_normal(rng, n, -21.3, 0.7),
        "rise": rise,
        "fall": np.maximum(rise * draw_scale(rng, n, 3.2, 0.25), 1.5 * rise),
        "temperature": draw_scale(rng, n, 14000.0, 0.15),
        "slope": draw_normal(rng, n, 1.5, 0.4, 0.5),
    }


def superluminous(phase, wavelength, p):
    """Return a superluminous supernova: reference 4000 Angstrom, cooling to 6000 K in 35 days.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.datasets._source import Rows
    >>> from skastro.datasets._supernovae import draw_slsn, superluminous
    >>> p = Rows(draw_slsn(np.random.default_rng(0), 1, None), np.zeros(2, int))
    >>> early, late = superluminous(np.array([0.0, 100.0]), np.full(2, 4000.0), p)[0]
    >>> bool(early > late)
    True
    """
    temperature = cooling(phase, p["temperature"], 6000.0, 35.0)
    colour = thermal(wavelength, temperature, 4000.0, 3000.0, p["slope"])
    return bazin(phase, p["rise"], p["fall"]) * colour * to_flux(p["magnitude"]), 0.0


SUPERNOVAE = [
    Source("SNIa", draw_ia, ia, brightest=-19.6, evolution=1.5),
    Source("SNIa-91bg", draw_91bg, faint_ia, brightest=-18.0),
    Source("SNIax", draw_iax, faint_ia, brightest=-18.4),
    Source("SNII", draw_ii, hydrogen_rich, brightest=-18.4, evolution=3.0),
    Source("SNIbc", draw_ibc, stripped, brightest=-18.8, evolution=3.0),
    Source("SLSN-I", draw_slsn, superluminous, brightest=-22.3, evolution=2.0, farthest=3.0),
]
