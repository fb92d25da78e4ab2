"""Classifiers for data that differ from the training set: another survey, or the sky."""

from skastro.adaptation._base import AdaptedClassifier, join_target
from skastro.adaptation._fine_tune import FineTunedClassifier
from skastro.adaptation._importance import ImportanceWeightedClassifier, density_ratios
from skastro.adaptation._match import match_variety
from skastro.adaptation._priors import PriorShiftClassifier, change_priors, estimate_priors
from skastro.adaptation._survey import for_survey
from skastro.adaptation._target import TargetTrainedClassifier

__all__ = [
    "AdaptedClassifier",
    "FineTunedClassifier",
    "ImportanceWeightedClassifier",
    "PriorShiftClassifier",
    "TargetTrainedClassifier",
    "change_priors",
    "density_ratios",
    "estimate_priors",
    "for_survey",
    "join_target",
    "match_variety",
]
