"""SCONE with heat maps of different Gaussian-process kernels, on simulations and on real data.

    python benchmarks/science/gp_kernels.py ../shared/data [--seeds 3] [--only TASK] [--epochs N]
    python benchmarks/science/gp_kernels.py ../shared/data --seeds 6 --only OSC --kernels \\
        "radial, 6000 A" "separable, 6000 A"

Every kernel sees the same splits and the same random numbers of the network, so that differences
are paired.  Each run is appended to `output/science/gp_kernels.jsonl` at once and not repeated.
Prints markdown tables of the scores and of the differences from the first kernel.
"""

import argparse
import json
import time
from pathlib import Path

import numpy as np
import pandas as pd
from _data import OSC, SUPERNOVAE, load_osc, load_survey_bench
from scone import N_PIXELS, score
from sklearn.model_selection import train_test_split

from skastro.gaussian_process import Padding, fisher_information, fit_light_curves
from skastro.recipes import make_scone_classifier, make_scone_features
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten

OUTPUT = Path("output/science")
KERNELS = {
    "radial, 6000 A": {"kernel": "radial", "wavelength_scale": 6000.0},
    "radial, free": {"kernel": "radial", "wavelength_scale": "free"},
    "separable, 6000 A": {"kernel": "separable", "wavelength_scale": 6000.0},
    "separable, free": {"kernel": "separable", "wavelength_scale": "free"},
}
MOST_ROWS = 1000  # The radial kernel takes minutes per object beyond.
FIGURES = ("AUC", "accuracy", "balanced accuracy", "macro F1", "log loss", "Brier")


def heatmaps(X, survey, kernel):
    """Rows of image and log10 maximum, cached; prints what they cost."""
    settings = KERNELS[kernel]
    name = f"{len(X)}_{settings['kernel']}_{settings['wavelength_scale']}.npy"
    cache = OUTPUT / f"kernels_{name}"
    if not cache.exists():
        features = make_scone_features(survey, peak=None, **settings)
        features.fit(X.iloc[:50]).transform(X.iloc[:50])
        begin = time.perf_counter()
        rows = features.transform(X)
        print(f"{kernel}: {1e3 * (time.perf_counter() - begin) / len(X):.2f} ms per object")
        np.save(cache, rows)
    return np.load(cache, mmap_mode="r")[:, : N_PIXELS + 1]


def one_run(rows, y, seed, epochs):
    """Train on 80 % and score the rest."""
    train, test = train_test_split(np.arange(len(y)), test_size=0.2, stratify=y, random_state=seed)
    settings = {} if epochs is None else {"max_epochs": epochs}
    model = make_scone_classifier(random_state=seed, **settings)
    begin = time.perf_counter()
    model.fit(rows[train], y[train])
    scores = score(y[test], model, rows[test])
    return scores | {"seconds": time.perf_counter() - begin}


def known_runs(path):
    """Runs of earlier calls."""
    return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []


def print_tables(results):
    """Means and standard deviations, then paired differences from the first kernel."""
    table = pd.DataFrame(results)
    table["kernel"] = pd.Categorical(table["kernel"], list(KERNELS))
    table = table.set_index(["task", "kernel", "seed"])[list(FIGURES)]
    reference = next(iter(KERNELS))
    rows = table.xs(reference, level="kernel").reindex(table.index.droplevel("kernel"))
    difference = (table - rows.to_numpy()).drop(reference, level="kernel").dropna()
    for values, digits in ((table, 3), (difference, 4)):
        groups = values.groupby(["task", "kernel"], sort=False, observed=True)
        mean, spread = groups.mean(), groups.std()
        sign = "" if values is table else "+"
        text = mean.map(f"{{:{sign}.{digits}f}}".format) + spread.map(f" ± {{:.{digits}f}}".format)
        text.insert(0, "runs", groups.size().astype(str))
        print("\n| " + " | ".join(["task", "kernel", *text.columns]) + " |")
        print("|---" * (text.shape[1] + 2) + "|")
        for key, line in text.iterrows():
            print("| " + " | ".join([*key, *line]) + " |")


def print_scales(X, n_objects=1500):
    """Print how far the free wavelength scale runs, and how well an object can tell it."""
    features = make_scone_features("LSST", peak=None)
    X = features[:-1].fit_transform(X.iloc[:n_objects])
    offsets, rows = flatten(X["lightcurve"], ("time", "band", "flux", "flux_err"))
    survey = get_survey("LSST")
    rows["wavelength"] = survey.band_wavelengths(rows["band"])
    columns = [rows[name] for name in ("time", "wavelength", "flux", "flux_err")]
    padding = Padding(list(survey.wavelengths.values())[2])
    for kernel in ("radial", "separable"):
        fits = fit_light_curves(offsets, *columns, kernel=kernel, padding=padding)
        scale = fits.wavelength_scale
        errors = []
        for i in np.flatnonzero(fits.status == 0):
            own = slice(offsets[i], offsets[i + 1])
            best = fits.amplitude[i], fits.time_scale[i], min(scale[i], 1e6)
            time_, wavelength, _, flux_err = (column[own] for column in columns)
            information = fisher_information(time_, wavelength, flux_err, best, kernel=kernel)
            errors.append(np.sqrt(np.linalg.pinv(information)[2, 2]))
        print(
            f"{kernel}: {np.nanmean(scale > 1e5):.1%} of {len(X)} scales beyond 1e5 A; relative "
            f"error at 16, 50, 84 %: {np.percentile(errors, [16, 50, 84]).round(2)}"
        )


def tasks(data, only):
    """Yield (name, X, y, survey) of the tasks whose names contain `only`."""
    if only in "LSST, SNIa against other SNe" or only in "LSST, 13 classes":
        X, types = load_survey_bench(data)
        supernova = np.isin(types, SUPERNOVAE)
        if only in "LSST, SNIa against other SNe":
            ia = np.where(types == "SNIa", "SNIa", "other")
            yield "LSST, SNIa against other SNe", X[supernova], ia[supernova], "LSST"
        if only in "LSST, 13 classes":
            yield "LSST, 13 classes", X, types, "LSST"
    if only in "OSC (real), Ia against the rest":
        X, types = load_osc(data)
        few = np.diff(flatten(X["lightcurve"], ("time",))[0]) <= MOST_ROWS
        y = np.where(types == "Ia", "Ia", "other")
        yield "OSC (real), Ia against the rest", X[few], y[few], OSC


def main():
    """Run everything and print markdown tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="")
    parser.add_argument("--kernels", nargs="+", default=list(KERNELS), choices=list(KERNELS))
    parser.add_argument("--epochs", type=int, default=None)
    parser.add_argument("--scales", action="store_true", help="look at the free scale alone")
    options = parser.parse_args()
    if options.scales:
        X, types = load_survey_bench(options.data)
        return print_scales(X[np.isin(types, SUPERNOVAE)])
    OUTPUT.mkdir(parents=True, exist_ok=True)
    log = OUTPUT / "gp_kernels.jsonl"
    results = known_runs(log)
    done = {(r["task"], r["kernel"], r["seed"], r["epochs"]) for r in results}
    for task, X, y, survey in tasks(options.data, options.only):
        images = {kernel: heatmaps(X, survey, kernel) for kernel in options.kernels}
        for seed in range(options.seeds):
            for kernel, rows in images.items():
                key = {"task": task, "kernel": kernel, "seed": seed, "epochs": options.epochs}
                if tuple(key.values()) in done:
                    continue
                results.append(key | one_run(rows, y, seed, options.epochs))
                with log.open("a") as file:
                    file.write(json.dumps(results[-1]) + "\n")
    print_tables([r for r in results if r["epochs"] == options.epochs])


if __name__ == "__main__":
    main()
