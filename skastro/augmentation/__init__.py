"""Data augmentation: pure functions of arrays or frames and a random state."""

from skastro.augmentation._crop import draw_crops
from skastro.augmentation._curves import (
    Curves,
    add_noise,
    blur_redshift,
    change_flux,
    distort,
    drop_bands,
    drop_gap,
    drop_observations,
    keep_first_visits,
    stretch_time,
    tilt_spectrum,
)
from skastro.augmentation._posterior import (
    DrawnGrids,
    DrawnLightCurves,
    draw_grids,
    draw_light_curves,
)
from skastro.augmentation._prefix import draw_prefixes, take_prefixes
from skastro.augmentation._redshift import draw_redshifts, move_redshift
from skastro.augmentation._spectra import draw_pairs, mix_spectra, rest_ranges
from skastro.augmentation._stamps import orient_stamps, shift_stamps
from skastro.augmentation._variation import (
    SurveyVariation,
    choose,
    draw_variations,
    read_curves,
)

__all__ = [
    "Curves",
    "DrawnGrids",
    "DrawnLightCurves",
    "SurveyVariation",
    "add_noise",
    "blur_redshift",
    "change_flux",
    "choose",
    "distort",
    "draw_crops",
    "draw_grids",
    "draw_light_curves",
    "draw_pairs",
    "draw_prefixes",
    "draw_redshifts",
    "draw_variations",
    "drop_bands",
    "drop_gap",
    "drop_observations",
    "keep_first_visits",
    "mix_spectra",
    "move_redshift",
    "orient_stamps",
    "read_curves",
    "rest_ranges",
    "shift_stamps",
    "stretch_time",
    "take_prefixes",
    "tilt_spectrum",
]
