"""Base classes of ragged estimators, and the rules that all estimators share."""

from skastro.base._bands import check_bands, find_bands, number_bands, take_known_bands
from skastro.base._kinds import (
    LightCurveFeatures,
    LightCurveTransformer,
    SpectrumFeatures,
    SpectrumTransformer,
)
from skastro.base._predictions import (
    UNCLASSIFIED,
    UNCLASSIFIED_NOTE,
    UNCLASSIFIED_OPTIONS,
    class_prior,
    fill_unclassified,
    ignore_unclassified,
    most_probable,
    no_prediction,
    replace_labels,
    warn_of_unclassified,
)
from skastro.base._quality import add_reasons, is_marked
from skastro.base._ragged import RaggedFeatures, RaggedInputMixin, RaggedTransformer
from skastro.base._static import read_numbers

__all__ = [
    "UNCLASSIFIED",
    "UNCLASSIFIED_NOTE",
    "UNCLASSIFIED_OPTIONS",
    "LightCurveFeatures",
    "LightCurveTransformer",
    "RaggedFeatures",
    "RaggedInputMixin",
    "RaggedTransformer",
    "SpectrumFeatures",
    "SpectrumTransformer",
    "add_reasons",
    "check_bands",
    "class_prior",
    "fill_unclassified",
    "find_bands",
    "ignore_unclassified",
    "is_marked",
    "most_probable",
    "no_prediction",
    "number_bands",
    "read_numbers",
    "replace_labels",
    "take_known_bands",
    "warn_of_unclassified",
]
