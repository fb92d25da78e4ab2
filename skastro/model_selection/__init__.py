"""Model selection: tuning with Optuna, and what scikit-learn's tools need for light curves."""

from skastro.model_selection._displays import (
    ParallelCoordinatesDisplay,
    ParameterImportanceDisplay,
    SearchHistoryDisplay,
)
from skastro.model_selection._nested import nested_cross_validate
from skastro.model_selection._prefit import PrefitClassifier
from skastro.model_selection._search import OptunaSearchCV

__all__ = [
    "OptunaSearchCV",
    "ParallelCoordinatesDisplay",
    "ParameterImportanceDisplay",
    "PrefitClassifier",
    "SearchHistoryDisplay",
    "nested_cross_validate",
]
