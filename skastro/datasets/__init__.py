"""Simulated data."""

from skastro.datasets._bazin import bazin, make_bazin
from skastro.datasets._cadence import Cadence, get_cadence
from skastro.datasets._host import HostRedshifts
from skastro.datasets._label_noise import make_label_noise
from skastro.datasets._light_curves import make_light_curves
from skastro.datasets._make_spectra import make_spectra
from skastro.datasets._stamps import make_stamps
from skastro.datasets._variety import Variety

__all__ = [
    "Cadence",
    "HostRedshifts",
    "Variety",
    "bazin",
    "get_cadence",
    "make_bazin",
    "make_label_noise",
    "make_light_curves",
    "make_spectra",
    "make_stamps",
]
