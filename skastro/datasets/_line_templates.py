"""Lines and continua of the simulated types of supernovae."""

from dataclasses import dataclass

import numpy as np

from skastro.datasets._spectra import cooling, thermal

LIGHT_SPEED = 299792.458
_MIX_PHASE, _MIX_DAYS = 15.0, 6.0
_REFERENCE = 5500.0

H = {"Ha": 6562.8, "Hb": 4861.3, "Hg": 4340.5}
HE = {"He5876": 5875.6, "He6678": 6678.2, "He7065": 7065.2}
CA = {"CaHK": 3945.0, "CaIR": 8579.0}
FE = {"Fe4549": 4549.0, "Fe5018": 5018.4, "Fe5169": 5169.0}
IA = {"Si6355": 6355.0, "Si5972": 5972.0, "Si4130": 4130.0, "S5454": 5454.0, "S5640": 5640.0}
OTHER = {"O7774": 7774.0, "Na5893": 5892.9, "Mg4481": 4481.0, "O6300": 6300.3, "Ca7307": 7307.0}
O2 = {"OII4115": 4115.0, "OII4357": 4357.0, "OII4650": 4650.0, "C6580": 6580.0}
WAVELENGTHS = H | HE | CA | FE | IA | OTHER | O2


@dataclass(frozen=True)
class LineTemplate:
    r"""The spectrum of one type as a blackbody with P-Cygni lines.

    .. math:: f_\lambda = B(\lambda, T) \max\left(0, 1 + \sum_k s_k \left[
        e\, G(u_k / w_e v) - (1 - e)\, G((u_k + v) / w_a v)\right]\right)

    with :math:`u_k = c \ln(\lambda / \lambda_k)`, :math:`G(x) = \exp(-x^2 / 2)`, and the share of
    emission `e`.  Temperature and velocity fall exponentially with the phase, strengths pass
    from the early to the late ones by a logistic function centred on day 15.

    Parameters
    ----------
    temperature : (float, float, float)
        At maximum, late [K], and days of the decay.

    velocity : (float, float, float)
        Of the photosphere at maximum, late [km/s], and days of the decay.

    lines : dict of str -> (float, float)
        Line to its early and late strength.

    emission : float
        Share of emission `e`.

    widths : (float, float)
        Widths `w_a` of absorption and `w_e` of emission over the velocity.

    narrow : float
        Velocity of the emission of matter around the star in km/s, 0 for none; then the
        emission is that wide and not shifted.

    edge : (float, float)
        Line blanketing below a wavelength in Angstrom, and its slope.

    phases : (float, float)
        First and last phase in days after maximum.

    Examples
    --------
    >>> from skastro.datasets._line_templates import TEMPLATES
    >>> sorted(TEMPLATES)
    ['II', 'IIb', 'IIn', 'Ia', 'Ib', 'Ic', 'Ic-BL', 'SLSN-I']
    """

    temperature: tuple
    velocity: tuple
    lines: dict
    emission: float = 0.45
    widths: tuple = (0.35, 0.5)
    narrow: float = 0.0
    edge: tuple = (4000.0, 1.5)
    phases: tuple = (-10.0, 50.0)

    def flux(self, wavelength, phase, factors, resolution):
        """Return the flux relative to the continuum at 5500 Angstrom.

        Parameters
        ----------
        wavelength, phase : ndarray of shape (n_rows,)
            Rest wavelength in Angstrom; days after maximum.

        factors : dict of str -> ndarray of shape (n_rows,)
            Factors on "temperature", "velocity" and each line.

        resolution : float
            Standard deviation of the instrument in km/s; adds to the widths in quadrature.

        Returns
        -------
        flux : ndarray of shape (n_rows,)
        """
        temperature = factors["temperature"] * cooling(phase, *self.temperature)
        continuum = thermal(wavelength, temperature, _REFERENCE, *self.edge)
        # thermal is per frequency.
        continuum = continuum * (_REFERENCE / wavelength) ** 2
        velocity = factors["velocity"] * cooling(phase, *self.velocity)
        late = 1 / (1 + np.exp(-(phase - _MIX_PHASE) / _MIX_DAYS))
        total = np.ones(len(wavelength))
        for name, (first, last) in self.lines.items():
            strength = factors[name] * (first + (last - first) * late)
            u = LIGHT_SPEED * np.log(wavelength / WAVELENGTHS[name])
            total += strength * self._profile(u, velocity, resolution)
        return continuum * np.maximum(total, 0.0)

    def _profile(self, u, velocity, resolution):
        absorption, emission = (width * velocity for width in self.widths)
        if self.narrow:
            emission = np.full(len(u), self.narrow)
        bright = _gauss(u, emission, resolution)
        if self.emission == 1:
            return bright
        dark = _gauss(u + velocity, absorption, resolution)
        return self.emission * bright - (1 - self.emission) * dark


def _gauss(u, width, resolution):
    """Return a Gaussian whose area does not change when the instrument widens it."""
    seen = np.hypot(width, resolution)
    return width / seen * np.exp(-0.5 * (u / seen) ** 2)


TEMPLATES = {
    "Ia": LineTemplate(
        (11500, 6500, 20),
        (11000, 8500, 15),
        {
            "Si6355": (1.0, 0.5),
            "Si5972": (0.25, 0.15),
            "Si4130": (0.4, 0.1),
            "S5454": (0.4, 0.0),
            "S5640": (0.45, 0.0),
            "CaHK": (1.2, 1.3),
            "CaIR": (0.6, 1.4),
            "Fe4549": (0.4, 0.9),
            "Fe5018": (0.4, 0.9),
            "Fe5169": (0.2, 0.7),
            "O7774": (0.3, 0.3),
        },
        emission=0.35,
        widths=(0.3, 0.45),
    ),
    "II": LineTemplate(
        (12000, 5500, 25),
        (9500, 4000, 30),
        {
            "Ha": (0.9, 1.6),
            "Hb": (0.7, 0.9),
            "Hg": (0.4, 0.6),
            "He5876": (0.4, 0.0),
            "Na5893": (0.0, 0.5),
            "Fe5018": (0.0, 0.5),
            "Fe5169": (0.1, 0.7),
            "CaHK": (0.3, 0.9),
            "CaIR": (0.1, 1.1),
        },
        emission=0.6,
        edge=(4200.0, 1.0),
        phases=(-5.0, 90.0),
    ),
    "IIn": LineTemplate(
        (13000, 7500, 40),
        (2500, 2000, 60),
        {"Ha": (2.2, 3.0), "Hb": (1.2, 1.1), "Hg": (0.6, 0.5), "He5876": (0.4, 0.3)},
        emission=1.0,
        narrow=900.0,
        edge=(3500.0, 0.5),
        phases=(-10.0, 90.0),
    ),
    "IIb": LineTemplate(
        (9000, 5200, 20),
        (11000, 6500, 20),
        {
            "Ha": (1.1, 0.45),
            "Hb": (0.7, 0.3),
            "He5876": (0.5, 1.1),
            "He6678": (0.1, 0.5),
            "He7065": (0.1, 0.6),
            "CaHK": (0.7, 0.9),
            "CaIR": (0.4, 1.2),
            "Fe5018": (0.3, 0.7),
            "Fe5169": (0.4, 0.7),
            "O7774": (0.1, 0.4),
        },
        edge=(4300.0, 1.5),
    ),
    "Ib": LineTemplate(
        (8500, 5200, 20),
        (10500, 7000, 20),
        {
            "He5876": (0.8, 1.2),
            "He6678": (0.3, 0.6),
            "He7065": (0.3, 0.7),
            "CaHK": (0.8, 0.9),
            "CaIR": (0.6, 1.3),
            "Fe5018": (0.5, 0.8),
            "Fe5169": (0.6, 0.8),
            "O7774": (0.3, 0.6),
        },
        edge=(4400.0, 1.8),
    ),
    "Ic": LineTemplate(
        (8000, 5000, 20),
        (10000, 7500, 20),
        {
            "Si6355": (0.35, 0.2),
            "Na5893": (0.3, 0.8),
            "O7774": (0.7, 1.0),
            "CaHK": (0.9, 1.0),
            "CaIR": (0.8, 1.5),
            "Fe4549": (0.4, 0.6),
            "Fe5018": (0.6, 0.9),
            "Fe5169": (0.6, 0.9),
            "O6300": (0.0, 0.4),
        },
        edge=(4500.0, 2.0),
    ),
    "Ic-BL": LineTemplate(
        (8500, 5200, 20),
        (20000, 12000, 15),
        {
            "Si6355": (0.4, 0.25),
            "O7774": (0.6, 0.9),
            "CaHK": (0.8, 1.0),
            "CaIR": (0.8, 1.4),
            "Fe4549": (0.5, 0.6),
            "Fe5169": (0.9, 1.0),
        },
        widths=(0.3, 0.4),
        edge=(4500.0, 1.8),
    ),
    "SLSN-I": LineTemplate(
        (15000, 8000, 40),
        (12000, 9000, 40),
        {
            "OII4115": (0.3, 0.0),
            "OII4357": (0.35, 0.0),
            "OII4650": (0.35, 0.0),
            "C6580": (0.15, 0.0),
            "CaHK": (0.1, 0.7),
            "Fe5169": (0.1, 0.6),
            "O7774": (0.1, 0.6),
            "Mg4481": (0.1, 0.4),
        },
        edge=(3200.0, 1.0),
        phases=(-30.0, 60.0),
    ),
}
