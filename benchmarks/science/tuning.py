"""What a search of the parameters of a recipe gains over its defaults, and what it saves.

    python benchmarks/science/tuning.py ../shared/data --system oracle [--trials 20] [--seeds 3]
        [--size small] [--n-objects 1000 --n-test 3000] [--timeout 3600]
        [--storage output/science/tuning.log]
    python benchmarks/science/tuning.py ../shared/data --system scone --saving [--n-objects 200]
    python benchmarks/science/tuning.py ../shared/data --system oracle --resume [--trials 20]

The first form searches in `n-objects` (spectra: supernovae, with all their spectra), trains the
default and the tuned recipe there with each seed, and scores both once on `n-test` others; it
prints mean and spread over the seeds.  It may be stopped and called again.  The second form
measures the time of a search with and without the front of the Pipeline kept.  The third runs a
search on small simulated data to its end, runs it again in a process that gets SIGINT (as Ctrl-C)
in the middle, resumes that, and compares every trial of both.
"""

import argparse
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from _data import load_survey_bench
from osc import clean_osc, read_osc
from sklearn.base import clone
from sklearn.metrics import balanced_accuracy_score, f1_score, log_loss
from sklearn.model_selection import GroupShuffleSplit, StratifiedGroupKFold

from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.model_selection import OptunaSearchCV
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_realbogus,
    make_scone,
    make_transformer,
)
from skastro.recipes.search_spaces import SYSTEMS, search_space

MAKE = {
    "scone": make_scone,
    "oracle": make_oracle,
    "transformer": make_transformer,
    "ccsnscore": make_ccsnscore,
    "realbogus": make_realbogus,
}


def load(system, data, n_objects=None):
    """Return X, y and the group of each object; `n_objects` at random, all by default."""
    if system == "ccsnscore":
        X, y, _ = clean_osc(*read_osc(data / "osc"))
        groups = X["name"].to_numpy()
    elif system == "realbogus":
        X, y, *_ = make_stamps(n_objects or 6000, random_state=0)
        groups = np.arange(len(X))
    else:
        X, y = load_survey_bench(data)
        groups = np.arange(len(X))
    rows = np.random.default_rng(0).permutation(len(y))[:n_objects]
    return (X[rows] if isinstance(X, np.ndarray) else X.iloc[rows]), y[rows], groups[rows]


def make(system, seed=0, **options):
    return MAKE[system](random_state=seed, unclassified="prior", **options)


def scores(model, X, y):
    proba, labels = model.predict_proba(X), model.predict(X)
    return [
        balanced_accuracy_score(y, labels),
        f1_score(y, labels, average="macro"),
        log_loss(y, proba, labels=model.classes_),
    ]


def compare(arguments):
    X, y, groups = load(arguments.system, arguments.data)
    sizes = {"train_size": arguments.n_objects, "test_size": arguments.n_test}
    splitter = GroupShuffleSplit(1, **sizes, random_state=0)
    train, test = next(splitter.split(X, y, groups))
    X_train, X_test = (X[r] if isinstance(X, np.ndarray) else X.iloc[r] for r in (train, test))
    search = OptunaSearchCV(
        make(arguments.system),
        search_space(arguments.system, arguments.size),
        n_trials=arguments.trials,
        timeout=arguments.timeout,
        cv=StratifiedGroupKFold(3, shuffle=True, random_state=0),
        scoring="neg_log_loss",
        storage=arguments.storage,
        study_name=f"{arguments.system}-{arguments.size}-{arguments.n_objects}",
        refit=False,
        random_state=0,
        verbose=1,
    )
    start = time.perf_counter()
    search.fit(X_train, y[train], groups=groups[train])
    print(f"search: {time.perf_counter() - start:.0f} s, {search.best_params_}")
    print(search.trials_dataframe()["state"].value_counts().to_dict())
    print("| | balanced accuracy | macro F1 | log loss |\n|---|---|---|---|")
    for name, params in {"default": {}, "tuned": search.best_params_}.items():
        found = []
        for seed in range(arguments.seeds):
            model = clone(make(arguments.system, seed)).set_params(**params)
            found.append(scores(model.fit(X_train, y[train]), X_test, y[test]))
        mean, spread = np.mean(found, axis=0), np.std(found, axis=0, ddof=1)
        print(
            f"| {name} | " + " | ".join(f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread)) + " |"
        )


def saving(arguments):
    X, y, _ = load(arguments.system, arguments.data, arguments.n_objects)
    make(arguments.system, max_epochs=1).fit(X, y)  # compiles what is compiled at its first use
    for cache_front in (True, False):
        search = OptunaSearchCV(
            make(arguments.system, max_epochs=2),
            search_space(arguments.system),
            n_trials=arguments.trials,
            cv=3,
            pruner=None,
            refit=False,
            cache_front=cache_front,
            random_state=0,
        )
        start = time.process_time()
        search.fit(X, y)
        seconds = time.process_time() - start
        print(f"front kept: {cache_front}, {seconds:.1f} s of CPU, best {search.best_score_:.4f}")


def small_search(system, trials, storage=None):
    """Return a search of a small recipe on simulated data, and the data."""
    options = {"max_epochs": 3}
    if system == "realbogus":
        data = make_stamps(60, random_state=0)[:2]
        options |= {"method": None, "image_shape": (29, 29, 3), "architecture": "simple"}
        options["loss"] = {"cross_entropy": 1.0, "vat": 0.1}
    elif system == "ccsnscore":
        data = make_spectra(60, classes=["Ia", "II"], random_state=0)
    else:
        data = make_light_curves(60, classes=["SNIa", "SNII"], random_state=0)
    search = OptunaSearchCV(
        make(system, **options),
        search_space(system),
        n_trials=trials,
        cv=2,
        scoring="neg_log_loss",
        storage=storage,
        random_state=0,
        refit=False,
    )
    return search, data


def finished(storage):
    """Return the number of finished trials in a journal file."""
    path = Path(storage)
    return path.read_text().count('"finished"') if path.exists() else 0


def resume(arguments):
    system, trials = arguments.system, arguments.trials
    if arguments.storage:  # the process that is stopped
        search, data = small_search(system, trials, arguments.storage)
        search.fit(*data)
        return
    search, data = small_search(system, trials)
    search.fit(*data)
    with tempfile.TemporaryDirectory() as folder:
        storage = str(Path(folder) / "study.log")
        command = [sys.executable, *sys.argv, "--storage", storage]
        child = subprocess.Popen(command)
        while child.poll() is None and finished(storage) < trials // 2:
            time.sleep(0.05)
        time.sleep(0.2)  # into the middle of the next trial
        child.send_signal(signal.SIGINT)
        child.wait()
        kept, _ = small_search(system, 1, storage)
        n_kept = len(kept.fit(*data).cv_results_["params"])
        resumed = small_search(system, trials, storage)[0].fit(*data)
    same = resumed.cv_results_["params"] == search.cv_results_["params"]
    print(
        f"{system}: stopped after {n_kept} of {trials} trials, exit status {child.returncode}; "
        f"best trial {resumed.best_index_} ({resumed.best_score_:.6f}) resumed, "
        f"{search.best_index_} ({search.best_score_:.6f}) uninterrupted; "
        f"all parameters equal: {same}"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("--system", choices=SYSTEMS, required=True)
    parser.add_argument("--size", default="small")
    parser.add_argument("--trials", type=int, default=20)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--n-objects", type=int, default=1000)
    parser.add_argument("--n-test", type=int, default=None, help="default: all others")
    parser.add_argument("--timeout", type=float, default=None)
    parser.add_argument("--storage", default=None)
    parser.add_argument("--saving", action="store_true")
    parser.add_argument("--resume", action="store_true")
    chosen = parser.parse_args()
    (saving if chosen.saving else resume if chosen.resume else compare)(chosen)
