"""
Scores of a tree of classes, by date
====================================

Train a recurrent network on simulated light curves, query it at nine dates, and look at its
predictions level by level, date by date and object by object.
"""

# %%
# Eight classes hang in a tree of three levels.
from sklearn.model_selection import train_test_split

from skastro.datasets import make_light_curves
from skastro.inspection import (
    ConfusionByLevelDisplay,
    ProbabilityInTimeDisplay,
    ScoreByPhaseDisplay,
    TaxonomyDisplay,
)
from skastro.metrics import (
    hierarchical_f1_score,
    purity_efficiency_curve,
    score_by_phase,
    scores_by_level,
)
from skastro.neural_network import RecurrentClassifier
from skastro.nn import HierarchicalCrossEntropy
from skastro.taxonomy import Taxonomy

tree = Taxonomy(
    {
        "Object": {
            "Transient": {
                "SN": ["SNIa", "SNIbc", "SNII"],
                "Long": ["SLSN-I", "TDE"],
            },
            "Variable": {"Periodic": ["RRL", "EB"], "AGN": None},
        }
    }
)
X, y = make_light_curves(2000, classes=list(tree.leaves), random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
TaxonomyDisplay.from_labels(y_train, tree)

# %%
# Two networks with different seeds learn every date at once, because they see each light curve
# cut at random dates.
networks = [
    RecurrentClassifier(
        criterion=HierarchicalCrossEntropy(tree),
        static=("redshift", "redshift_err"),
        max_epochs=20,
        lr=1e-2,
        batch_size=32,
        random_state=seed,
    ).fit(X_train, y_train)
    for seed in (0, 1)
]
days = [1, 2, 4, 8, 16, 32, 64, 128, 256]
runs = [
    tree.node_proba(network.predict_proba_at(X_test, days), network.classes_)
    for network in networks
]

# %%
# Macro F1 at each level against the days since the first observation; the band is the spread
# over the two networks.


def macro_f1(y_true, node_proba):
    """Macro F1 of each level."""
    return scores_by_level(y_true, node_proba, tree)["macro_f1"].add_prefix("level ")


table = score_by_phase(y_test, runs, days, macro_f1)
levels = {f"level {depth}": table[f"level {depth}"] for depth in (1, 2, 3)}
ScoreByPhaseDisplay(levels, score="macro F1", xlabel="days since the first observation").plot()
table.round(3)

# %%
# The whole light curves, level by level.  The hierarchical F1 gives credit for the right branch.
y_pred = networks[0].predict(X_test)
print(f"hierarchical F1: {hierarchical_f1_score(y_test, y_pred, tree):.3f}")
scores_by_level(y_test, y_pred, tree).round(3)

# %%
ConfusionByLevelDisplay.from_predictions(y_test, y_pred, tree)

# %%
TaxonomyDisplay.from_predictions(y_test, y_pred, tree, score="recall")

# %%
# A sample of type Ia supernovae: purity and efficiency at a few thresholds of the probability.
proba = networks[0].predict_proba(X_test)[:, list(networks[0].classes_).index("SNIa")]
purity_efficiency_curve(y_test, proba, "SNIa", thresholds=[0.2, 0.4, 0.6, 0.8]).round(3)

# %%
# How the prediction for one of them changes with every observation.
sure = X_test.index[(proba * (y_test == "SNIa")).argmax()]
ProbabilityInTimeDisplay.from_estimator(networks[0], X_test, sure, true_class="SNIa")
