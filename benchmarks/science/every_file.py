"""Train SCONE and ORACLE on one simulation and predict every file of light curves, one call each.

    python benchmarks/science/every_file.py ../shared/data

Prints for each file how many objects are classified, and the reasons of the others.  The models are
trained on few objects for few epochs: the scores mean nothing, the files go in as they are.
"""

import argparse
import time
import warnings
from collections import Counter
from pathlib import Path

from skastro.io import (
    read_alerts,
    read_observations,
    read_plasticc,
    read_snana,
    read_snana_text,
)
from skastro.recipes import make_oracle, make_scone, prediction_table

READERS = {
    "snana/DES_Ia-0001_HEAD.FITS": read_snana,
    "snana/ELASTICC_MLAG-0001_HEAD.FITS.gz": read_snana,
    "survey_bench": lambda path: read_snana(path, survey="LSST"),
    "snana/DES_SN848233.DAT": read_snana_text,
    "lightcurves/elasticc_400_unlabelled.parquet": read_observations,
    "lightcurves/elasticc_10_lightcurves.parquet": lambda path: read_observations(
        path, path.with_name("elasticc_10_header.parquet")
    ),
    "lightcurves/plasticc10_training_set.csv": lambda path: read_plasticc(
        path, path.with_name("plasticc10_training_set_metadata.csv")
    )[0],
    "lightcurves/plasticc5_lightcurves.parquet": lambda path: read_observations(
        path, path.with_name("plasticc5_meta.csv")
    ),
    "lightcurves/real4_transients_gr.parquet": read_observations,
    "osc/photometry.parquet": read_observations,
    "lightcurves/elasticc_alerts_556.parquet": lambda path: read_alerts(path).X,
    "alerts/ztf_alerts_57.parquet": lambda path: read_alerts(path).X,
    "alerts/lsst_alerts_25.parquet": lambda path: read_alerts(path).X,
}
"""Each file of light curves and the call that reads it."""


def models(folder, n_objects=200, max_epochs=3):
    """Train both systems on the first objects of a simulated survey."""
    X = read_snana(folder, survey="LSST")[:n_objects]
    y = X.pop("type").to_numpy(object)
    scone = make_scone(n_times=45, n_wavelengths=8, max_epochs=max_epochs, random_state=0)
    oracle = make_oracle(max_epochs=max_epochs, random_state=0)
    return {"SCONE": scone.fit(X, y), "ORACLE": oracle.fit(X, y)}


def main():
    """Print one line per file and model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path)
    parser.add_argument("--objects", type=int, default=10, help="at most so many of each file")
    options = parser.parse_args()
    data = options.data
    warnings.simplefilter("ignore")
    fitted = models(data / "survey_bench")
    for name, read in READERS.items():
        X = read(data / name)[: options.objects]
        for system, model in fitted.items():
            begin = time.perf_counter()
            table = prediction_table(model, X)
            seconds = time.perf_counter() - begin
            reasons = dict(Counter(table["reason"][table["label"] == "unclassified"]))
            n = (table["label"] != "unclassified").sum()
            print(f"{name} {system}: {n} of {len(X)} classified, {seconds:.1f} s, {reasons}")


if __name__ == "__main__":
    main()
