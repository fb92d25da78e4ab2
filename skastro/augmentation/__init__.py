"""Data augmentation: pure functions of arrays or frames and a random state."""

from skastro.augmentation._crop import draw_crops
from skastro.augmentation._posterior import (
    DrawnGrids,
    DrawnLightCurves,
    draw_grids,
    draw_light_curves,
)
from skastro.augmentation._prefix import draw_prefixes, take_prefixes
from skastro.augmentation._spectra import draw_pairs, mix_spectra, rest_ranges
from skastro.augmentation._stamps import orient_stamps, shift_stamps

__all__ = [
    "DrawnGrids",
    "DrawnLightCurves",
    "draw_crops",
    "draw_grids",
    "draw_light_curves",
    "draw_pairs",
    "draw_prefixes",
    "mix_spectra",
    "orient_stamps",
    "rest_ranges",
    "shift_stamps",
    "take_prefixes",
]
