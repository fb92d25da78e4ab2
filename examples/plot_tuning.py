"""
Tune a classifier, stop it and resume
=====================================

A search of the parameters of a classifier of light curves: stopped after a few trials, resumed from
its journal file, and looked at.
"""

# %%
# The features of a light curve do not depend on the parameters of the classifier after them.
# :class:`~skastro.model_selection.OptunaSearchCV` computes the steps before the classifier
# once per fold.

import tempfile
from pathlib import Path

from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import make_pipeline

from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.model_selection import (
    OptunaSearchCV,
    ParallelCoordinatesDisplay,
    ParameterImportanceDisplay,
    SearchHistoryDisplay,
)
from skastro.preprocessing import CleanPhotometry

X, y = make_light_curves(300, classes=["SNIa", "SNII", "SNIbc"], random_state=0)
model = make_pipeline(
    CleanPhotometry(),
    LightCurveStatistics(),
    HistGradientBoostingClassifier(max_iter=30, random_state=0),
)
space = {
    "histgradientboostingclassifier__learning_rate": FloatDistribution(1e-3, 1.0, log=True),
    "histgradientboostingclassifier__max_leaf_nodes": IntDistribution(2, 31),
    "histgradientboostingclassifier__l2_regularization": FloatDistribution(1e-3, 10, log=True),
}
journal = Path(tempfile.mkdtemp()) / "study.log"


def make_search(n_trials):
    return OptunaSearchCV(
        model,
        space,
        n_trials=n_trials,
        cv=StratifiedKFold(3, shuffle=True, random_state=0),
        scoring="balanced_accuracy",
        storage=journal,
        random_state=0,
    )


# %%
# Eight trials today ...

first = make_search(8).fit(X, y)
print(f"{len(first.cv_results_['params'])} trials, best score {first.best_score_:.3f}")

# %%
# ... and the rest tomorrow.  The study is read from its file, and only what is missing is run.

search = make_search(20).fit(X, y)
print(f"{len(search.cv_results_['params'])} trials, best score {search.best_score_:.3f}")
print(search.trials_dataframe()["state"].value_counts().to_dict())

# %%
# The best score so far, and the trials that were ended after a fold because others were better.

SearchHistoryDisplay.from_search(search).plot()

# %%
# How much of the scatter of the scores each parameter explains.

ParameterImportanceDisplay.from_search(search).plot().figure_.tight_layout()

# %%
# All complete trials: the brightest lines are the best.

ParallelCoordinatesDisplay.from_search(search).plot().figure_.tight_layout()
