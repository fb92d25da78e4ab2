"""Fixtures shared by all tests."""

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame

from skastro.datasets import make_light_curves
from skastro.utils.ragged import flatten, nest

# Threads of torch that wait for a busy core stall; torch reads this when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

TESTS = Path(__file__).parent
DATA = TESTS / "data"
SLOW = (
    "test_common.py",
    "test_documentation.py",
    "test_golden.py",
    "test_public_objects.py",
    "test_sklearn_tools",
    "test_testing.py",
    "adaptation",
    "augmentation/test_posterior.py",
    "calibration",
    "cli",
    "distributed",
    "feature_extraction",
    "gaussian_process",
    "hierarchy",
    "io/test_alert_packets.py",
    "io/test_convert.py",
    "io/test_damaged_files.py",
    "io/test_reader_options.py",
    "io/test_snana.py",
    "io/test_spectrum_formats.py",
    "label_errors",
    "model_selection",
    "neural_network",
    "persistence",
    "recipes",
    "streaming",
)
"""Groups that train networks or repeat a test often.  `make test-fast` runs the first test of each
file in these folders, and the first of each function in these files."""

FILES = tuple(name for name in SLOW if "test_" in name)

PLASTICC_TARGETS = {"SNIa": 90, "SNII": 42, "RRL": 92}


def pytest_collection_modifyitems(items):
    """Mark all but one representative of each slow group as slow; some tests say so themselves."""
    seen = set()
    for item in items:
        path = item.path.relative_to(TESTS).as_posix() if item.path.is_relative_to(TESTS) else ""
        if path.startswith(SLOW) and item.get_closest_marker("slow") is None:
            group = (path, item.originalname) if path.startswith(FILES) else path
            if group in seen:
                item.add_marker("slow")
            seen.add(group)


@pytest.fixture(scope="session")
def real_data():
    """Folder with excerpts of public data, see its README."""
    return DATA


@pytest.fixture(scope="session")
def oracles():
    """Folder with reference results of other programs."""
    return DATA / "oracles"


@pytest.fixture
def light_curves():
    """Four objects with 3, 0, 1 and 2 observations: one is empty on purpose."""
    rows = {
        "time": np.array([40.0, 90, 120, 5, 1, 2]),
        "band": np.array(["g", "r", "g", "i", "g", "g"]),
        "flux": np.arange(6.0),
        "flux_err": np.full(6, 0.5),
    }
    X = NestedFrame({"peak_time": [100.0, 0, 0, 0], "redshift": [0.1, 0.2, 0.0, 1.0]})
    X.index = list("abcd")
    return X.assign(lightcurve=nest([0, 3, 3, 4, 6], rows, X.index))


@pytest.fixture(scope="session")
def plasticc_files(tmp_path_factory):
    """Light curves and metadata of 10 objects as Kaggle has them."""
    folder = tmp_path_factory.mktemp("plasticc")
    X, y = make_light_curves(10, classes=list(PLASTICC_TARGETS), random_state=0)
    numbers = 615 + 98 * np.arange(10)
    offsets, rows = flatten(X["lightcurve"])
    lengths = np.diff(offsets)
    light_curves = pd.DataFrame(
        {
            "object_id": np.repeat(numbers, lengths),
            "mjd": rows["time"],
            "passband": pd.Series(rows["band"].astype(str)).map("ugrizY".index),
            "flux": rows["flux"].round(6),
            "flux_err": rows["flux_err"].round(6),
            "detected": np.asarray(rows["detected"], int),
        }
    )
    galactic = y == "RRL"
    objects = pd.DataFrame(
        {
            "object_id": numbers,
            "ra": X["ra"].to_numpy(),
            "decl": X["dec"].to_numpy(),
            "hostgal_specz": np.where(galactic, 0.0, X["redshift"].fillna(0.5)).round(4),
            "hostgal_photoz": np.where(galactic, 0.0, X["redshift"].fillna(0.5)).round(4),
            "hostgal_photoz_err": np.where(galactic, 0.0, 0.02),
            "distmod": np.where(galactic, np.nan, 41.0),
            "mwebv": X["mwebv"].to_numpy().round(3),
            "target": [PLASTICC_TARGETS[name] for name in y],
        }
    )
    paths = folder / "training_set.csv", folder / "training_set_metadata.csv"
    # The files of Kaggle are not ordered by object.
    light_curves.sort_values("mjd", kind="stable").to_csv(paths[0], index=False)
    objects.to_csv(paths[1], index=False)
    return paths
