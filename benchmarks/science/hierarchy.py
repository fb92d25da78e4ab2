"""A forest at each node of a tree against one flat forest, on the features of SPCC supernovae.

    python benchmarks/science/hierarchy.py ../shared/data [--seeds 5] [--balanced]

Repeated stratified cross-validation (5 folds, another partition each seed), all models on the same
folds.  `chosen` picks one of the trees in each training part by an inner cross-validation (log
loss), so that its row owes nothing to the test objects.  `--balanced` weights the classes of every
forest and leaves `chosen` out.  Prints markdown tables; predictions are cached in
`output/science`.
"""

import argparse
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import accuracy_score, f1_score, log_loss
from sklearn.model_selection import GridSearchCV, StratifiedKFold

from skastro.hierarchy import HierarchicalClassifier
from skastro.metrics import hierarchical_f1_score
from skastro.taxonomy import Taxonomy

H_RICH = ["II", "IIP", "IIL", "IIn"]
STRIPPED = ["Ib", "Ic", "Ibc"]
TREES = {
    "Ia, core collapse": Taxonomy(
        {"SN": {"Ia": None, "Core collapse": {"H-rich": H_RICH, "Stripped": STRIPPED}}}
    ),
    "H-rich, H-poor": Taxonomy(
        {"SN": {"H-rich": H_RICH, "H-poor": {"Ia": None, "Ibc+": STRIPPED}}}
    ),
    "Ia, H-rich, stripped": Taxonomy({"SN": {"Ia": None, "H-rich": H_RICH, "Stripped": STRIPPED}}),
}
FLAT, CHOSEN = "flat forest", "chosen"
N_FOLDS, SMALLEST = 5, 1e-3


def load(data):
    """1,400 objects, 74 features (fits, wavelets, photometric redshift), 8 types."""
    table = pd.read_parquet(Path(data) / "lightcurves" / "spcc_features.parquet")
    y = table.pop("type").to_numpy(object)
    return table.drop(columns=["object_id", "specz"]).to_numpy(float), y


def clipped(proba):
    """Probabilities without zeros, which a forest of finite size gives."""
    proba = np.clip(proba, SMALLEST, 1.0)
    return proba / proba.sum(axis=1, keepdims=True)


def minus_log_loss(model, X, y):
    """Scorer on clipped probabilities."""
    return -log_loss(y, clipped(model.predict_proba(X)), labels=model.classes_)


def models(seed, class_weight):
    """Return the models by name; the forest is the same in all."""
    forest = RandomForestClassifier(200, class_weight=class_weight, random_state=seed)
    trees = {name: HierarchicalClassifier(forest, taxonomy=TREES[name]) for name in TREES}
    if class_weight is not None:
        return {FLAT: forest, **trees}
    inner = StratifiedKFold(3, shuffle=True, random_state=seed)
    grid = {"taxonomy": list(TREES.values())}
    search = GridSearchCV(HierarchicalClassifier(forest), grid, scoring=minus_log_loss, cv=inner)
    return {FLAT: forest, **trees, CHOSEN: search}


def out_of_fold(X, y, seed, class_weight):
    """Probabilities of every object from models that have not seen it, and the fold of each."""
    folds = StratifiedKFold(N_FOLDS, shuffle=True, random_state=seed).split(X, y)
    proba, fold = {}, np.zeros(len(y), int)
    for i, (train, test) in enumerate(folds):
        fold[test] = i
        for name, model in models(seed, class_weight).items():
            given = proba.setdefault(name, np.zeros((len(y), len(np.unique(y)))))
            given[test] = model.fit(X[train], y[train]).predict_proba(X[test])
            if name == CHOSEN:
                print(f"<!-- seed {seed}, fold {i}: {tree_name(model)} -->", flush=True)
    return {"fold": fold, **proba}


def tree_name(search):
    """Name of the tree that the inner cross-validation chose."""
    best = search.best_params_["taxonomy"]
    return next(name for name, tree in TREES.items() if tree == best)


def leaf_scores(y, proba, classes):
    """Scores of the most probable leaf."""
    answer = classes[proba.argmax(axis=1)]
    return {
        "accuracy": accuracy_score(y, answer),
        "macro F1": f1_score(y, answer, average="macro", zero_division=0),
        "log loss": log_loss(y, clipped(proba), labels=classes),
    }


def tree_scores(y, proba, classes, tree):
    """Hierarchical F1 of the most probable leaf and of the walks of `predict_path`; first steps."""
    nodes = tree.node_proba(proba, classes)
    answers = {
        "predict": classes[proba.argmax(axis=1)],
        "predict_path, threshold 0": tree.names(tree.deepest(nodes, 0.0)),
        "predict_path, threshold 0.5": tree.names(tree.deepest(nodes, 0.5)),
    }
    first = {
        f"first branch right, {k}": np.mean(tree.at_depth(answers[k], 1) == tree.at_depth(y, 1))
        for k in list(answers)[:2]
    }
    return {k: hierarchical_f1_score(y, answer, tree) for k, answer in answers.items()} | first


def score_table(results, y, score, names):
    """Scores of the folds of all partitions: index model, seed, fold."""
    classes, rows = np.unique(y), {}
    for seed, proba in results.items():
        for name in names:
            for i in range(N_FOLDS):
                part = proba["fold"] == i
                rows[name, seed, i] = score(y[part], proba[name][part], classes)
    return pd.DataFrame.from_dict(rows, orient="index")


def print_header(first, columns):
    print("\n| " + " | ".join([first, *columns]) + " |\n|" + "---|" * (len(columns) + 1))


def score_cells(rows):
    """Mean of the folds, and standard deviation over partitions of their means."""
    spread = rows.groupby(level=0).mean().std()
    return [f"{rows[c].mean():.4f} ± {spread[c]:.4f}" for c in rows]


def difference_cells(rows, flat):
    """Mean paired difference with the corrected error of resampled scores, and who wins."""
    by_fold = rows - flat
    by_seed = by_fold.groupby(level=0).mean()
    error = by_fold.std() * np.sqrt(1 / len(by_fold) + 1 / (N_FOLDS - 1))
    return [
        f"{by_fold[c].mean():+.4f} ± {error[c]:.4f} ({(by_seed[c] > 0).sum()} of {len(by_seed)})"
        for c in rows
    ]


def print_leaf_scores(results, y, names):
    """Scores that know no tree, and differences to the flat forest."""
    table = score_table(results, y, leaf_scores, names)
    print_header("model", table.columns)
    for name in names:
        print(f"| {name} | " + " | ".join(score_cells(table.loc[name])) + " |")
    print_header("minus flat forest", table.columns)
    for name in names[1:]:
        cells = difference_cells(table.loc[name], table.loc[FLAT])
        print(f"| {name} | " + " | ".join(cells) + " |")


def print_tree_scores(results, y):
    """Hierarchical F1 in each tree: of its classifier, of the flat forest, their difference."""
    for i, (name, tree) in enumerate(TREES.items()):
        table = score_table(
            results, y, lambda *given, tree=tree: tree_scores(*given, tree), [FLAT, name]
        )
        if i == 0:
            print_header("hierarchical F1 in the tree", ["model", *table.columns])
        for model, label in ((FLAT, "flat forest"), (name, "forest per node")):
            print(f"| {name} | {label} | " + " | ".join(score_cells(table.loc[model])) + " |")
        flat = table.loc[FLAT]
        leaf = flat.assign(**dict.fromkeys(flat.columns[:3], flat["predict"]))
        leaf = leaf.assign(**dict.fromkeys(flat.columns[3:], flat[flat.columns[3]]))
        for label, other in (("difference", flat), ("minus predict of the flat forest", leaf)):
            cells = difference_cells(table.loc[name], other)
            print(f"| {name} | {label} | " + " | ".join(cells) + " |")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--balanced", action="store_true")
    parser.add_argument("--cache", type=Path, default=Path("output/science"))
    options = parser.parse_args()
    warnings.filterwarnings("ignore", message="The least populated class")
    X, y = load(options.data)
    class_weight = "balanced_subsample" if options.balanced else None
    options.cache.mkdir(parents=True, exist_ok=True)
    results = {}
    for seed in range(options.seeds):
        cache = options.cache / f"hierarchy_{class_weight}_{seed}.npz"
        if not cache.exists():
            np.savez(cache, **out_of_fold(X, y, seed, class_weight))
        results[seed] = dict(np.load(cache))
    names = [name for name in results[0] if name != "fold"]
    print_leaf_scores(results, y, names)
    print_tree_scores(results, y)


if __name__ == "__main__":
    main()
