"""Scores for trees of classes, for phases and for the samples that astronomers select.

In every function an object without answer (None, NaN or "unclassified", or a row of NaN
probabilities) stays in and counts as wrong, unless the function says otherwise; an object without
true label is an error.
"""

from skastro.metrics._by_level import (
    classification_report_by_level,
    confusion_matrix_by_level,
    scores_by_level,
    top_k_accuracy_by_level,
)
from skastro.metrics._hierarchical import (
    hierarchical_f1_score,
    hierarchical_precision_recall_fscore,
    hierarchical_precision_score,
    hierarchical_recall_score,
)

__all__ = [
    "classification_report_by_level",
    "confusion_matrix_by_level",
    "hierarchical_f1_score",
    "hierarchical_precision_recall_fscore",
    "hierarchical_precision_score",
    "hierarchical_recall_score",
    "scores_by_level",
    "top_k_accuracy_by_level",
]
