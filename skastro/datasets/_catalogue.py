"""The classes that skastro simulates, by name."""

from skastro.datasets._stars import STARS
from skastro.datasets._supernovae import SUPERNOVAE
from skastro.datasets._transients import EXTRAGALACTIC

SOURCES = {source.name: source for source in [*SUPERNOVAE, *EXTRAGALACTIC, *STARS]}
