"""What estimators share: checks of ragged X, one hook for light curves, labels of answers."""

from skastro.base._answers import UNCLASSIFIED, answer_instead, most_probable
from skastro.base._ragged import LightCurveTransformer, RaggedInputMixin

__all__ = [
    "UNCLASSIFIED",
    "LightCurveTransformer",
    "RaggedInputMixin",
    "answer_instead",
    "most_probable",
]
