"""Fixtures shared by all tests."""

import os
from pathlib import Path

import numpy as np
import pytest
from nested_pandas import NestedFrame

from skastro.utils.ragged import nest

# Threads of torch that wait for a busy core stall; torch reads this when it is first imported.
os.environ.setdefault("OMP_NUM_THREADS", "1")

SHARED = Path(__file__).parents[2] / "shared"


@pytest.fixture(scope="session")
def shared_data():
    """Folder of real data beside the checkout; skips where it does not lie there."""
    path = SHARED / "data"
    if not path.is_dir():
        pytest.skip("the real data of ../shared/data do not lie beside this checkout")
    return path


@pytest.fixture(scope="session")
def oracles():
    """Folder of reference results beside the checkout; skips where it does not lie there."""
    path = SHARED / "oracles"
    if not path.is_dir():
        pytest.skip("the reference results of ../shared/oracles do not lie beside this checkout")
    return path


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
