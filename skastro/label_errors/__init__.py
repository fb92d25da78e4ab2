"""Find wrong labels with the probabilities of classifiers that were not trained on them."""

from skastro.label_errors._find import find_label_errors
from skastro.label_errors._finder import LabelErrorFinder
from skastro.label_errors._quality import label_quality_scores

__all__ = ["LabelErrorFinder", "find_label_errors", "label_quality_scores"]
