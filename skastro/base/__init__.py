"""Base classes of ragged estimators, and the rules that all estimators share."""

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
    "class_prior",
    "fill_unclassified",
    "ignore_unclassified",
    "is_marked",
    "most_probable",
    "no_prediction",
    "replace_labels",
    "warn_of_unclassified",
]
