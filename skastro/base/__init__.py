"""What estimators share: checks of ragged X, a hook for light curves, unclassified objects."""

from skastro.base._predictions import (
    UNCLASSIFIED,
    UNCLASSIFIED_OPTIONS,
    class_prior,
    fill_unclassified,
    ignore_unclassified,
    most_probable,
    no_prediction,
    replace_labels,
    warn_of_unclassified,
)
from skastro.base._ragged import LightCurveTransformer, RaggedInputMixin

__all__ = [
    "UNCLASSIFIED",
    "UNCLASSIFIED_OPTIONS",
    "LightCurveTransformer",
    "RaggedInputMixin",
    "class_prior",
    "fill_unclassified",
    "ignore_unclassified",
    "most_probable",
    "no_prediction",
    "replace_labels",
    "warn_of_unclassified",
]
