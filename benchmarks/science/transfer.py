"""Score classifiers on data that they were not trained on.

    python benchmarks/science/transfer.py ../shared/data --parts simulators labels biased des unseen

Parts: `simulators` trains on make_light_curves or survey_bench and scores on both; `target` adds
1,000 unlabelled objects of survey_bench, `labels` also 30 to 1,000 labelled ones; `biased` trains
on bright objects; `cadence` moves to ZTF and DES, with and without `MatchDepth`; `des` scores
SCONE on the simulated DES supernovae Ia of SuperNNova; `unseen` leaves classes out of the training;
`sets` shows the coverage of conformal sets; `causes` changes make_light_curves one property at a
time.  `--models` takes boosting (gradient boosting on statistics), forest, oracle, flat (ORACLE
without a taxonomy), scone, transformer and vote (the mean of flat and scone).  `--seed` is that of
simulations, copies and classifiers; the parts of survey_bench remain.  Each line is written to
`--output` as soon as it is known; lines that stand there are not computed again.
"""

import argparse
import re
import time
from dataclasses import replace
from functools import lru_cache, partial
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from _data import SUPERNOVAE, load_survey_bench
from oracle import TREE
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.metrics import accuracy_score, f1_score, log_loss, roc_auc_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skastro.adaptation import (
    FineTunedClassifier,
    ImportanceWeightedClassifier,
    PriorShiftClassifier,
    TargetTrainedClassifier,
    for_survey,
    match_variety,
)
from skastro.augmentation import (
    SurveyVariation,
    change_flux,
    choose,
    draw_redshifts,
    draw_variations,
    move_redshift,
)
from skastro.calibration import ConformalClassifier
from skastro.datasets import HostRedshifts, Variety, get_cadence, make_light_curves
from skastro.feature_extraction import LightCurveStatistics
from skastro.hierarchy import SoftVotingClassifier
from skastro.io import read_snana
from skastro.metrics import expected_calibration_error
from skastro.nn import CoralLoss
from skastro.preprocessing import MatchDepth
from skastro.recipes import make_oracle, make_scone, make_transformer
from skastro.utils.ragged import flatten, segment_count, segment_reduce

STATIC = ["redshift", "redshift_err", "mwebv"]
N_TEST, N_POOL = 3000, 1000


class Results:
    """One line per finished run, in a file."""

    def __init__(self, path, only="", **settings):
        self.path = Path(path)
        self.settings = settings
        self.only = re.compile(only)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.lines = pd.read_csv(path).to_dict("records") if self.path.exists() else []
        keys = ["part", "run", *settings]
        self.done = {tuple(line[key] for key in keys) for line in self.lines}

    def add(self, part, run, compute):
        """Compute and print the line of a run, unless it is known."""
        line = {"part": part, "run": run} | self.settings
        if tuple(line.values()) in self.done or not self.only.search(run):
            return
        start = time.process_time()
        line |= compute()
        self.lines.append(line | {"cpu_seconds": round(time.process_time() - start)})
        pd.DataFrame(self.lines).to_csv(self.path, index=False)
        print(self.lines[-1], flush=True)


def scores(y, proba, classes):
    """Accuracy, macro F1, log loss, calibration error, mean confidence, unclassified objects."""
    known = np.isfinite(proba).all(axis=1)
    y, proba, classes = y[known], proba[known], np.asarray(classes)
    predicted = classes[proba.argmax(axis=1)]
    every = np.union1d(classes, y)
    full = np.zeros((len(y), len(every)))
    full[:, np.searchsorted(every, classes)] = proba
    return {
        "accuracy": round(accuracy_score(y, predicted), 3),
        "macro_f1": round(f1_score(y, predicted, labels=np.unique(y), average="macro"), 3),
        "log_loss": round(log_loss(y, full, labels=every), 3),
        "ece": round(expected_calibration_error(y, proba, labels=classes), 3),
        "confidence": round(proba.max(axis=1).mean(), 3),
        "unclassified": int((~known).sum()),
    }


def statistics(X):
    """Rows of statistics of the six bands and static columns."""
    table = LightCurveStatistics(bands=list("ugrizY"), survey="LSST").fit_transform(X)
    return np.column_stack([table, X[STATIC].to_numpy(float)])


def boosting(seed=0):
    model = HistGradientBoostingClassifier(
        max_iter=40, max_leaf_nodes=15, l2_regularization=1.0, random_state=seed
    )
    return make_pipeline(FunctionTransformer(statistics), model)


def forest(seed=0):
    fill = FunctionTransformer(partial(np.nan_to_num, nan=-999.0))
    model = ExtraTreesClassifier(200, min_samples_leaf=2, random_state=seed)
    return make_pipeline(FunctionTransformer(statistics), fill, model)


def oracle(seed=0, **options):
    return make_oracle(random_state=seed, **({"max_epochs": 12, "taxonomy": TREE} | options))


def scone(seed=0):
    """Return SCONE for all classes, on small heat maps."""
    size = {"n_times": 60, "n_wavelengths": 16}
    return make_scone("LSST", with_redshift=True, max_epochs=15, random_state=seed, **size)


def transformer(seed=0):
    return make_transformer("LSST", max_epochs=15, random_state=seed)


def vote(seed=0):
    """Return the mean of ORACLE, which reads a sequence, and SCONE, which reads an image."""
    members = [("oracle", oracle(seed, taxonomy=None)), ("scone", scone(seed))]
    return SoftVotingClassifier(members, mean="geometric")


MODELS = {
    "boosting": boosting,
    "forest": forest,
    "oracle": oracle,
    "flat": partial(oracle, taxonomy=None),
    "scone": scone,
    "transformer": transformer,
    "vote": vote,
}
SEED = 0


@lru_cache
def bench(data):
    """Test part, pool of 1,000 objects and training part of survey_bench."""
    X, y = load_survey_bench(data)
    order = np.random.default_rng(0).permutation(len(y))
    parts = np.split(order, [N_TEST, N_TEST + N_POOL])
    return [(X.iloc[rows], y[rows].astype(str)) for rows in parts]


@lru_cache
def simulated(n, seed=None, **options):
    X, y = make_light_curves(n, random_state=SEED if seed is None else seed, **options)
    return X, y.astype(str)


def fitted_scores(model, train, test):
    model.fit(*train)
    return scores(test[1], model.predict_proba(test[0]), model.classes_)


def simulators(data, results, name, n):
    test, _, (X, y) = bench(data)
    plain, varied, other = simulated(n), simulated(n, variety=Variety()), simulated(N_TEST, 777)
    make = MODELS[name]
    half = len(X) // 2
    both = pd.concat([plain[0], X[:half]]), np.append(plain[1], y[:half])
    runs = {
        "simulator -> bench": (make(), plain, test),
        "simulator, variety -> bench": (make(), varied, test),
        "bench -> bench (ceiling)": (make(), (X, y), test),
        "both -> bench (ceiling)": (make(), both, test),
        "both -> simulator (ceiling)": (make(), both, other),
        "simulator -> simulator": (make(), plain, other),
        "simulator, variety -> simulator": (make(), varied, other),
        "bench -> simulator": (make(), (X, y), other),
    }
    if name == "oracle":
        augment, waves = {"augment": SurveyVariation()}, {"band_encoding": "wavelength"}
        runs["simulator, augment -> bench"] = (make(**augment), plain, test)
        runs["simulator, variety, 3 networks -> bench"] = (make(n_networks=3), varied, test)
        runs["simulator, variety, augment -> bench"] = (make(**augment), varied, test)
        runs["simulator, variety, wavelengths -> bench"] = (make(**waves), varied, test)
        runs["bench, wavelengths -> bench"] = (make(**waves), (X, y), test)
        runs["bench, augment -> bench"] = (make(**augment), (X, y), test)
        runs["bench, augment -> simulator"] = (make(**augment), (X, y), other)
    else:
        copies, rows = draw_variations(plain[0], 2, random_state=SEED)
        runs["simulator, augment -> bench"] = (make(), (copies, plain[1][rows]), test)
        copies, rows = draw_variations(X, 1, random_state=SEED)
        runs["bench, augment -> bench"] = (make(), (copies, y[rows]), test)
    for run, (model, train, on) in runs.items():
        results.add("simulators", f"{name}: {run}", partial(fitted_scores, model, train, on))


def target(data, results, name, n):
    test, (X_pool, _), _ = bench(data)
    make, domain = MODELS[name], MODELS["boosting"]()
    wrappers = {
        "prior shift": PriorShiftClassifier(make()),
        "importance weights": ImportanceWeightedClassifier(make(), domain_classifier=domain),
        "self-training": TargetTrainedClassifier(make(), n_rounds=3),
    }
    for variety in (None, Variety()):
        for run, model in wrappers.items():
            source = simulated(n, variety=variety)
            name_of = f"{name}: {'variety, ' if variety else ''}{run}"
            compute = partial(adapted_scores, model, source, X_pool, None, test)
            results.add("target", name_of, compute)
    compute = partial(matched_scores, data, name, n, test)
    results.add("target", f"{name}: matched variety", compute)
    for n_rounds in (1, 3):
        model = TargetTrainedClassifier(make(), n_rounds=n_rounds)
        run = f"{name}: matched variety, self-training, rounds {n_rounds}"
        compute = partial(adapted_scores, model, matched(data, n), X_pool, None, test)
        results.add("target", run, compute)
    if name == "flat":
        for weight in (0.0, 0.1, 1.0):
            aligned = partial(aligned_scores, weight, simulated(n, variety=Variety()), X_pool, test)
            results.add("target", f"flat: variety, CORAL {weight}", aligned)


def aligned_scores(weight, source, X_pool, test):
    model = MODELS["flat"](criterion=CoralLoss(weight=weight))
    model.fit(pd.concat([source[0], X_pool]), np.append(source[1], ["-1"] * len(X_pool)))
    return scores(test[1], model.predict_proba(test[0]), model.classes_)


@lru_cache
def matched(data, n):
    """Objects simulated to match the pool of survey_bench, whose labels are not used."""
    found = match_variety(bench(data)[1][0], random_state=SEED)
    print(found, flush=True)
    return simulated(n, variety=found)


def adapted_scores(model, source, X_pool, y_pool, test):
    options = {} if y_pool is None else {"y_target": y_pool}
    model.fit(*source, X_pool, **options)
    return scores(test[1], model.predict_proba(test[0]), model.classes_)


def labels(data, results, name, n):
    test, (X_pool, y_pool), _ = bench(data)
    make = MODELS[name]
    for n_labels in (100, 300, 1000):
        few = np.where(np.arange(N_POOL) < n_labels, y_pool, "-1")
        known = X_pool[:n_labels], y_pool[:n_labels]
        alone = partial(fitted_scores, make(), known, test)
        results.add("labels", f"{name}: {n_labels} labels alone", alone)
        for kind in ("", ", variety", ", matched variety"):
            source = simulated(n, variety=Variety() if kind else None)
            if "matched" in kind:
                source = matched(data, n)
            for n_rounds in (0, 3) if "matched" in kind and n_labels == 100 else (0,):
                model = TargetTrainedClassifier(make(), n_rounds=n_rounds)
                run = f"{name}: {n_labels} labels{kind}"
                run += ", self-training" if n_rounds else ""
                compute = partial(adapted_scores, model, source, X_pool, few, test)
                results.add("labels", run, compute)
        if name in ("oracle", "flat"):
            tuned = partial(tuned_scores, data, name, n, known, test)
            results.add("labels", f"{name}: {n_labels} labels, matched variety, fine-tuned", tuned)


@lru_cache
def matched_model(data, name, n):
    return MODELS[name]().fit(*matched(data, n))


def tuned_scores(data, name, n, known, test):
    model = FineTunedClassifier(matched_model(data, name, n)).fit(*known)
    return scores(test[1], model.predict_proba(test[0]), model.classes_)


def matched_scores(data, name, n, test):
    model = matched_model(data, name, n)
    return scores(test[1], model.predict_proba(test[0]), model.classes_)


def at_distances(curves, rng, nearest, farthest):
    """Objects at other distances, where they are still detected twice."""
    redshifts = draw_redshifts(curves, nearest=nearest, farthest=farthest, random_state=rng)
    return move_redshift(curves, redshifts, min_detections=2, random_state=rng)


def farther(curves, rng):
    """Objects at up to 2.5 times their distance, stars up to 2 magnitudes fainter."""
    moved = at_distances(curves, rng, 1.0, 2.5)
    is_star = np.isnan(curves.static["redshift"])
    magnitudes = np.where(is_star, rng.uniform(0, 2, curves.n_objects), 0)
    fainter = change_flux(moved, magnitudes, random_state=rng)
    return choose(curves, fainter, segment_count(fainter.offsets, fainter.rows["detected"]) >= 2)


def biased(data, results, name, n):
    """Train on the brightest 40 % and one of twenty others, test on all."""
    test, pool, (X, y) = bench(data)
    offsets, rows = flatten(X["lightcurve"])
    brightest = segment_reduce(offsets, np.abs(rows["flux"]), np.maximum)
    order = np.random.default_rng(1).random(len(y)) < 0.05
    limit = np.quantile(brightest, 0.6)
    chosen = np.flatnonzero((brightest > limit) | order)
    rng = np.random.default_rng(2)
    fair = np.sort(rng.permutation(len(y))[: len(chosen)])
    bright, unbiased = (X.iloc[chosen], y[chosen]), (X.iloc[fair], y[fair])
    rest = X.iloc[np.setdiff1d(np.arange(len(y)), chosen)]
    everything = pd.concat([rest, X.iloc[chosen]])
    make = MODELS[name]
    fainter = SurveyVariation(1.0, (0.0, 0.0), (0.0, 3.0), 0.0, 0.0, 0.0, 0.2, 0.0, 0.0, 0.0, 0.0)
    copies, source = draw_variations(bright[0], 2, variation=fainter, random_state=SEED)
    augmented = copies, bright[1][source]
    copies, source = draw_variations(bright[0], 1, variation=farther, random_state=SEED)
    moved = copies, bright[1][source]
    weighted = ImportanceWeightedClassifier(make(), domain_classifier=MODELS["boosting"]())
    trained = TargetTrainedClassifier(make(), n_rounds=3)
    both = TargetTrainedClassifier(make(), n_rounds=3)
    runs = {
        "unbiased": partial(fitted_scores, make(), unbiased, test),
        "bright": partial(fitted_scores, make(), bright, test),
        "bright, fainter copies": partial(fitted_scores, make(), augmented, test),
        "bright, moved copies": partial(fitted_scores, make(), moved, test),
        "bright, moved copies, prior shift": partial(
            adapted_scores, PriorShiftClassifier(make()), moved, everything, None, test
        ),
        "bright, importance weights": partial(
            adapted_scores, weighted, bright, everything, None, test
        ),
        "bright, self-training": partial(adapted_scores, trained, bright, rest, None, test),
        "bright, fainter copies, self-training": partial(
            adapted_scores, both, augmented, rest, None, test
        ),
    }
    for run, compute in runs.items():
        results.add("biased", f"{name}: {run} ({len(chosen)} objects)", compute)


def cadence(data, results, name, n):
    """From LSST to ZTF and DES, whose bands have other wavelengths, and other depths."""
    if name != "oracle":
        return
    make, options = MODELS[name], {"band_encoding": "wavelength"}
    trainings = {
        "LSST": (make(**options), None),
        "variety, LSST": (make(**options), Variety()),
        "augment, LSST": (make(augment=SurveyVariation(), **options), None),
    }
    for text, (model, variety) in trainings.items():
        train = simulated(n, variety=variety)
        for survey in ("LSST", "deep LSST", "ZTF", "DES"):
            for at_depth in (False, True):
                compute = partial(other_survey_scores, model, train, survey, at_depth)
                run = f"oracle: {text} -> {survey}{', at the depth of LSST' if at_depth else ''}"
                results.add("cadence", run, compute)
    for survey in ("ZTF", "DES"):
        model = make(survey=survey, **options)
        train = simulated(n, survey=survey)
        compute = partial(fitted_scores, model, train, simulated(1500, 777, survey=survey))
        results.add("cadence", f"oracle: {survey} -> {survey} (ceiling)", compute)


def other_survey_scores(model, train, survey, at_depth):
    if not hasattr(model[-1], "net_"):
        model.fit(*train)
    name, options = survey.split()[-1], {}
    if survey.startswith("deep"):
        wide = get_cadence(name)
        depth = {band: value + 1.2 for band, value in wide.depth.items()}
        options = {"cadence": replace(wide, depth=depth, night_gap=wide.night_gap / 2)}
    X, y = make_light_curves(1500, survey=name, random_state=777, **options)
    if at_depth:
        X = MatchDepth(model[-1].scale_.flux).fit_transform(X)
    return scores(y.astype(str), for_survey(model, name).predict_proba(X), model.classes_)


def des(data, results, name, n):
    """SCONE trained on survey_bench, Ia against the rest; recall of the DES supernovae Ia."""
    if name != "scone":
        return
    test, pool, train = bench(data)
    everything = pd.concat([pool[0], train[0]]), np.append(pool[1], train[1])
    test, (X, y) = (_supernovae(*pair) for pair in (test, everything))
    X_des = read_snana(Path(data) / "snana" / "DES_Ia-0001_HEAD.FITS", survey="DES")
    redder = SurveyVariation(1.0, (0.0, 2.5), (-1.2, 0.6), single_visits=0.0, lost_bands=0.1)

    def moved(curves, rng):
        return redder(at_distances(curves, rng, 0.4, 1.6), rng)

    for run, n_copies, variation, stop, epochs in (
        ("scone", 0, redder, 150.0, 15),
        ("scone, 3 copies", 3, redder, 150.0, 20),
        ("scone, 3 copies, to 42 days", 3, redder, 42.0, 20),
        ("scone, 3 moved copies, to 42 days", 3, moved, 42.0, 20),
        ("scone, 3 moved copies, to 42 days, 40 epochs", 3, moved, 42.0, 40),
    ):
        copies, rows = draw_variations(X[:n], n_copies, variation=variation, random_state=SEED)
        compute = partial(des_scores, copies, y[rows], test, X_des, stop, epochs)
        results.add("des", run, compute)


def _supernovae(X, y):
    chosen = np.isin(y, SUPERNOVAE)
    return X[chosen], y[chosen]


def des_scores(X, y, test, X_des, stop, max_epochs):
    is_ia = np.where(y == "SNIa", "SNIa", "other")
    model = make_scone(
        "LSST",
        with_redshift=True,
        stop=stop,
        n_times=round((stop + 30) / 3),
        n_wavelengths=16,
        max_epochs=max_epochs,
        class_weight="balanced",
        random_state=SEED,
    )
    model.fit(X, is_ia)
    column = list(model.classes_).index("SNIa")
    proba = model.predict_proba(test[0])[:, column]
    known = np.isfinite(proba)
    sky = for_survey(model, "DES").predict_proba(X_des)[:, column]
    return {
        "auc_in_domain": round(roc_auc_score(test[1][known] == "SNIa", proba[known]), 4),
        "recall_in_domain": round((proba[known & (test[1] == "SNIa")] > 0.5).mean(), 3),
        "recall_des": round((sky[np.isfinite(sky)] > 0.5).mean(), 3),
        "unclassified_des": int(np.isnan(sky).sum()),
    }


def unseen(data, results, name, n):
    """Classes that the training lacks: AUC of one minus the largest probability."""
    test, _, (X, y) = bench(data)
    left_out = ["TDE", "KN", "uLens"]
    for run, (X_train, y_train) in {
        "bench": (X, y),
        "simulator": simulated(n),
        "simulator, variety": simulated(n, variety=Variety()),
    }.items():
        kept = ~np.isin(y_train, left_out)
        train = X_train[kept], y_train[kept]
        results.add("unseen", f"{name}: {run}", partial(unseen_scores, MODELS[name](), train, test))


def unseen_scores(model, train, test):
    proba = model.fit(*train).predict_proba(test[0])
    new = ~np.isin(test[1], model.classes_)
    known = scores(test[1][~new], proba[~new], model.classes_)
    return known | {"auc_unseen": round(roc_auc_score(new, 1 - proba.max(axis=1)), 3)}


def sets(data, results, name, n):
    """Sets of classes that cover 90 % of the objects of the source, on the target."""
    test, _, (X, y) = bench(data)
    other = simulated(N_TEST, 777)
    half = N_TEST // 2
    held = {"s": [part[:half] for part in other], "b": [part[:half] for part in test]}
    scored = {"simulator": [part[half:] for part in other], "bench": [part[half:] for part in test]}
    for source, train, key in (
        ("simulator", simulated(n), "s"),
        ("simulator, variety", simulated(n, variety=Variety()), "s"),
        ("bench", (X, y), "b"),
    ):
        compute = partial(set_scores, MODELS[name](), train, held[key], scored)
        results.add("sets", f"{name}: {source}", compute)


def set_scores(model, train, held, scored):
    conformal = ConformalClassifier(FrozenEstimator(model.fit(*train)), coverage=0.9).fit(*held)
    line = {}
    for target, (X, y) in scored.items():
        found = conformal.predict_set(X)
        inside = found[np.arange(len(y)), np.searchsorted(conformal.classes_, y)]
        line[f"coverage_{target}"] = round(inside.mean(), 3)
        line[f"size_{target}"] = round(found.sum(axis=1).mean(), 2)
    return line


def causes(data, results, name, n):
    """One property of the simulator after the other."""
    test, _, _ = bench(data)
    off = Variety(
        slope=(0.0, 0.0),
        magnitude=(0.0, 0.0),
        per_wavelength=0.0,
        late_light=(1.0, 1.0),
        unpaired=0.0,
        season_scatter=0.0,
        template_visits=5,
        many_flares=False,
        nuclei_scatter=0.0,
        uniform_redshifts=0.0,
        hosts=HostRedshifts(),
    )
    one = {
        "nothing": {},
        "redshifts of hosts": {"hosts": Variety().hosts},
        "single visits": {"unpaired": Variety().unpaired},
        "lengths of seasons": {"season_scatter": Variety().season_scatter},
        "templates of variable stars, one visit": {"template_visits": 1},
        "templates of variable stars, median of 25": {"template_visits": 25},
        "half of the redshifts uniform": {"uniform_redshifts": 0.5},
        "many flares": {"many_flares": True},
        "amplitudes of active nuclei": {"nuclei_scatter": 0.6},
        "slope of the spectrum": {"slope": (-2.5, 0.5)},
        "late light": {"late_light": Variety().late_light},
        "luminosity": {"magnitude": Variety().magnitude},
        "half per wavelength": {"per_wavelength": 0.5},
        "flux per wavelength": {"per_wavelength": 1.0, "magnitude": (0.4, 0.4)},
    }
    for run, change in one.items():
        train = simulated(n, variety=replace(off, **change))
        results.add("causes", f"{name}: {run}", partial(fitted_scores, MODELS[name](), train, test))
    cadence = replace(get_cadence("LSST"), visits_per_night=1, night_gap=1.75)
    X, y = make_light_curves(n, cadence=cadence, random_state=SEED)
    compute = partial(fitted_scores, MODELS[name](), (X, y.astype(str)), test)
    results.add("causes", f"{name}: single visits only", compute)


PARTS = (simulators, target, labels, biased, cadence, des, unseen, sets, causes)
PARTS = {part.__name__: part for part in PARTS}


def main():
    """Run the parts, one line per run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--parts", nargs="*", default=list(PARTS), choices=list(PARTS))
    parser.add_argument("--models", nargs="*", default=list(MODELS), choices=list(MODELS))
    parser.add_argument("--n", type=int, default=2500)
    parser.add_argument("--epochs", type=int, default=12, help="of ORACLE")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="regular expression of the runs")
    parser.add_argument("--output", default="output/science/transfer.csv")
    options = parser.parse_args()
    torch.set_num_threads(1)
    global SEED
    SEED = options.seed
    settings = {name: getattr(options, name) for name in ("n", "epochs", "seed")}
    results = Results(options.output, options.only, **settings)
    for name, make in MODELS.items():
        MODELS[name] = partial(make, options.seed)
    for name in ("oracle", "flat"):
        MODELS[name] = partial(MODELS[name], max_epochs=options.epochs)
    for part in options.parts:
        for name in options.models:
            PARTS[part](options.data, results, name, options.n)


if __name__ == "__main__":
    main()
