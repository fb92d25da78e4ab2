"""Scores for taxonomies, phases and the samples that astronomers select.

In every function an object without a prediction (None, NaN, "unclassified" or "ambiguous", or a
row of NaN probabilities) counts as wrong unless the function states otherwise; an object without
a true label is an error.  The columns of a DataFrame of probabilities are read by their names.
"""

from skastro.metrics._by_level import (
    classification_report_by_level,
    confusion_matrix_by_level,
    scores_by_level,
    top_k_accuracy_by_level,
)
from skastro.metrics._calibration import expected_calibration_error, reliability_table
from skastro.metrics._calibration_scores import (
    bootstrap_interval,
    calibration_scores,
    classwise_calibration_error,
)
from skastro.metrics._hierarchical import (
    hierarchical_f1_score,
    hierarchical_precision_recall_fscore,
    hierarchical_precision_score,
    hierarchical_recall_score,
)
from skastro.metrics._log_loss import PLASTICC_CLASS_WEIGHT, plasticc_log_loss
from skastro.metrics._phase import score_by_phase
from skastro.metrics._purity import (
    contamination_table,
    purity_efficiency_curve,
    purity_efficiency_table,
)
from skastro.metrics._ranking import false_positive_rate_at
from skastro.metrics._trust import (
    area_under_risk_coverage,
    coverage_table,
    risk_coverage_curve,
    stability_table,
)

__all__ = [
    "PLASTICC_CLASS_WEIGHT",
    "area_under_risk_coverage",
    "bootstrap_interval",
    "calibration_scores",
    "classification_report_by_level",
    "classwise_calibration_error",
    "confusion_matrix_by_level",
    "contamination_table",
    "coverage_table",
    "expected_calibration_error",
    "false_positive_rate_at",
    "hierarchical_f1_score",
    "hierarchical_precision_recall_fscore",
    "hierarchical_precision_score",
    "hierarchical_recall_score",
    "plasticc_log_loss",
    "purity_efficiency_curve",
    "purity_efficiency_table",
    "reliability_table",
    "risk_coverage_curve",
    "score_by_phase",
    "scores_by_level",
    "stability_table",
    "top_k_accuracy_by_level",
]
