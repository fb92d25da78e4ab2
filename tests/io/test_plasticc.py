"""PLAsTiCC's files."""

import numpy as np
import pandas as pd
import pytest

from skastro.exceptions import FormatError, ObjectError
from skastro.feature_extraction import LightCurveChannels
from skastro.io import PLASTICC_CLASSES, read_plasticc
from skastro.utils.ragged import flatten


@pytest.fixture
def files(plasticc_files):
    return plasticc_files


def test_every_observation_is_there(files):
    X, y = read_plasticc(*files)
    table, objects = (pd.read_csv(path) for path in files)
    assert X.index.tolist() == objects["object_id"].astype(str).tolist()
    assert y.tolist() == [PLASTICC_CLASSES[number] for number in objects["target"]]
    assert "target" not in X
    offsets, rows = flatten(X["lightcurve"])
    table = table.set_index("object_id").loc[objects["object_id"]].reset_index()
    table = table.assign(order=table["object_id"].map(dict(zip(objects["object_id"], range(99)))))
    table = table.sort_values(["order", "mjd"], kind="stable")
    np.testing.assert_array_equal(np.diff(offsets), np.bincount(table["order"]))
    np.testing.assert_allclose(rows["flux"], table["flux"], rtol=1e-6)
    np.testing.assert_array_equal(rows["detected"], table["detected"] == 1)
    assert (np.asarray(rows["band"]) == np.array(list("ugrizY"))[table["passband"]]).all()
    galactic = objects["hostgal_photoz"].to_numpy() == 0
    np.testing.assert_array_equal(X["redshift"].isna(), galactic)


def test_selection_of_classes(files):
    X, y = read_plasticc(*files)
    number = next(n for n, name in PLASTICC_CLASSES.items() if name == y[0])
    some, names = read_plasticc(*files, classes=[number])
    assert set(names) == {y[0]}
    assert some.equals(X[y == y[0]])
    with pytest.raises(ValueError, match="unknown classes"):
        read_plasticc(*files, classes=["SNIIn"])
    absent = next(name for name in PLASTICC_CLASSES.values() if name not in set(y))
    with pytest.raises(ObjectError, match="no object"):
        read_plasticc(*files, classes=[absent])


def test_test_set_has_no_classes(files):
    table, objects = (pd.read_csv(path) for path in files)
    X, y = read_plasticc([table[:500], table[500:]], objects.drop(columns="target"))
    assert y is None and X.equals(read_plasticc(*files)[0])
    with pytest.raises(FormatError, match="target"):
        read_plasticc(table, objects.drop(columns="target"), classes=[90])
    with pytest.raises(FormatError, match="object_id"):
        read_plasticc(table, objects.drop(columns="object_id"))


def test_grid_of_51_steps(files):
    X, _ = read_plasticc(*files)
    grid = LightCurveChannels(stop=153, step=3, method="mean", bands=list("ugrizY"))
    dense = np.asarray(grid.fit_transform(X))
    assert dense.shape[1] % 51 == 0
