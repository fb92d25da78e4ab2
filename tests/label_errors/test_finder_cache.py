import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from nested_pandas import NestedFrame
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.naive_bayes import GaussianNB

from skastro.label_errors import LabelErrorFinder
from skastro.label_errors._folds import cached_prediction
from skastro.testing import make_check_data
from skastro.utils.fingerprint import fingerprint
from skastro.utils.ragged import flatten, nest

Y = np.array(["Ia", "II"] * 20)
X = np.random.default_rng(0).normal(size=(40, 2)) + 3 * (Y == "Ia")[:, None]

SCRIPT = """
import os, sys
import numpy as np
sys.path.insert(0, {here!r})
from test_finder_cache import Counter, X, Y
from skastro.label_errors import LabelErrorFinder
finder = LabelErrorFinder(
    Counter(log={log!r}, dies_at={dies_at}), cv=4, random_state=0, cache_dir={memory!r}
)
np.save({out!r}, finder.fit(X, Y).oof_proba_)
"""


class Counter(ClassifierMixin, BaseEstimator):
    """Writes one line per fit into a file; the process dies in a given fit."""

    def __init__(self, log, dies_at=None, smoothing=1e-9):
        self.log = log
        self.dies_at = dies_at
        self.smoothing = smoothing

    def __getstate__(self):
        # The fit in which the process dies does not affect the predictions.
        return {**super().__getstate__(), "dies_at": None}

    def fit(self, X, y):
        with Path(self.log).open("a") as file:
            file.write(f"{len(X)}\n")
        if n_fits(self.log) == self.dies_at:
            os._exit(3)
        self.model_ = GaussianNB(var_smoothing=self.smoothing).fit(np.asarray(X), y)
        self.classes_ = self.model_.classes_
        return self

    def predict_proba(self, X):
        return self.model_.predict_proba(np.asarray(X))


def n_fits(log):
    return len(Path(log).read_text().splitlines()) if Path(log).exists() else 0


@pytest.fixture
def paths(tmp_path):
    return {"log": str(tmp_path / "log"), "memory": str(tmp_path / "memory")}


def make_finder(paths, **options):
    options = {"cv": 4, "random_state": 0, "cache_dir": paths["memory"], **options}
    return LabelErrorFinder(Counter(paths["log"]), **options)


@pytest.mark.slow
def test_an_interrupted_run_resumes(paths, tmp_path):
    out = str(tmp_path / "proba.npy")
    here = str(Path(__file__).parent)
    codes = []
    for dies_at in (3, None):
        script = SCRIPT.format(here=here, dies_at=dies_at, out=out, **paths)
        codes.append(subprocess.run([sys.executable, "-c", script], check=False).returncode)
        if dies_at:
            assert n_fits(paths["log"]) == 3
            assert not Path(out).exists()
    assert codes == [3, 0]
    # Two folds finished, the third died, and the second run trains the last two.
    assert n_fits(paths["log"]) == 3 + 2
    expected = LabelErrorFinder(GaussianNB(), cv=4, random_state=0).fit(X, Y)
    np.testing.assert_array_equal(np.load(out), expected.oof_proba_)


class Interrupted(Counter):
    """Receives Ctrl-C in a given fit."""

    def fit(self, X, y):
        if n_fits(self.log) + 1 == self.dies_at:
            self.dies_at = None
            raise KeyboardInterrupt
        return super().fit(X, y)


@pytest.mark.parametrize("verbose", [False, True])
def test_ctrl_c_is_raised_and_finished_folds_are_kept(paths, verbose):
    finder = make_finder(paths, verbose=verbose)
    finder.estimator = Interrupted(paths["log"], dies_at=3)
    with pytest.raises(KeyboardInterrupt):
        finder.fit(X, Y)
    assert len(list(Path(paths["memory"]).iterdir())) == n_fits(paths["log"]) == 2
    finder.estimator = Interrupted(paths["log"])
    finder.fit(X, Y)
    assert n_fits(paths["log"]) == 4


@pytest.mark.parametrize("damage", [b"", b"PK\x03\x04 not a zip file", None])
def test_a_damaged_file_of_the_cache_is_computed_again(paths, damage):
    expected = make_finder(paths).fit(X, Y).oof_proba_
    path = sorted(Path(paths["memory"]).iterdir())[0]
    path.write_bytes(path.read_bytes()[:-40] if damage is None else damage)
    with pytest.warns(UserWarning, match=f"{path.name} is damaged .* computed again"):
        again = make_finder(paths).fit(X, Y)
    np.testing.assert_array_equal(again.oof_proba_, expected)
    assert n_fits(paths["log"]) == 5
    make_finder(paths).fit(X, Y)
    assert n_fits(paths["log"]) == 5


def test_nothing_is_trained_twice(paths):
    first = make_finder(paths).fit(X, Y)
    again = make_finder(paths, method="disagreement", n_jobs=2).fit(X.copy(), Y.tolist())
    assert n_fits(paths["log"]) == 4
    np.testing.assert_array_equal(first.oof_proba_, again.oof_proba_)


def other_value(X):
    changed = X.copy()
    changed[7, 1] += 1e-9
    return changed


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.fit(other_value(X), Y),
        lambda f: f.fit(X, np.where(np.arange(40) == 5, "Ia", Y)),
        lambda f: f.fit(X, Y, groups=np.arange(40)),
        lambda f: f.set_params(random_state=1).fit(X, Y),
        lambda f: f.set_params(cv=3).fit(X, Y),
        lambda f: f.set_params(estimator__smoothing=1e-8).fit(X, Y),
        lambda f: f.fit(pd.DataFrame(X, columns=["a", "b"]), Y),
        lambda f: f.set_params(cache_dir=None).fit(X, Y),
    ],
)
def test_any_difference_is_trained_again(paths, change):
    make_finder(paths).fit(X, Y)
    before = n_fits(paths["log"])
    changed = change(make_finder(paths))
    n_folds = changed.cv
    assert n_fits(paths["log"]) == before + n_folds


def test_more_repeats_train_only_the_new_ones(paths):
    one = make_finder(paths).fit(X, Y)
    two = make_finder(paths, n_repeats=2).fit(X, Y)
    assert n_fits(paths["log"]) == 8
    np.testing.assert_array_equal(two.oof_proba_repeats_[0], one.oof_proba_)


def test_incomplete_files_are_ignored(paths):
    make_finder(paths).fit(X, Y)
    folder = Path(paths["memory"])
    names = sorted(p.name for p in folder.iterdir())
    assert len(names) == 4
    assert all(name.endswith(".npz") for name in names)
    (folder / names[0]).rename(folder / f"{names[0]}.part")
    make_finder(paths).fit(X, Y)
    assert n_fits(paths["log"]) == 5


@pytest.mark.parametrize("labels", [Y.astype(object), (Y == "Ia").astype(int), Y == "Ia"])
def test_labels_of_any_type_come_back(paths, labels):
    first = make_finder(paths).fit(X, labels)
    again = make_finder(paths, cache_dir=Path(paths["memory"])).fit(X, labels)
    assert n_fits(paths["log"]) == 4
    assert again.classes_.dtype == first.classes_.dtype
    np.testing.assert_array_equal(again.oof_proba_, first.oof_proba_)


def test_nothing_is_written_without_a_folder(paths, tmp_path):
    make_finder(paths, cache_dir=None).fit(X, Y)
    assert [p.name for p in tmp_path.iterdir()] == ["log"]


def test_fingerprint_of_light_curves_depends_on_content_alone():
    frame, _ = make_check_data(12)
    parts = NestedFrame(pd.concat([frame.iloc[:5], frame.iloc[5:]]))
    longer = NestedFrame(pd.concat([frame, frame])).iloc[:12]
    assert fingerprint(frame) == fingerprint(parts) == fingerprint(longer)


def changed_flux(frame):
    offsets, rows = flatten(frame["lightcurve"])
    flux = rows["flux"].copy()
    flux[3] += 1
    return frame.assign(lightcurve=nest(offsets, {**rows, "flux": flux}, frame.index))


def moved_row(frame):
    offsets, rows = flatten(frame["lightcurve"])
    offsets = offsets.copy()
    offsets[1] -= 1
    return frame.assign(lightcurve=nest(offsets, rows, frame.index))


def bands(change):
    def changed(frame):
        offsets, rows = flatten(frame["lightcurve"])
        band = pd.Categorical(change(rows["band"]))
        return frame.assign(lightcurve=nest(offsets, {**rows, "band": band}, frame.index))

    return changed


@pytest.mark.parametrize(
    "change",
    [
        changed_flux,
        moved_row,
        bands(lambda band: band[::-1]),
        bands(lambda band: band.rename_categories(lambda name: f"lsst{name}")),
        lambda f: f.assign(redshift=f["redshift"] + 1e-6),
        lambda f: f.rename(columns={"redshift": "z"}),
        lambda f: f.set_axis([*f.index[:-1], "other"]),
        lambda f: f.iloc[::-1],
        lambda f: f.drop(columns="redshift"),
    ],
)
def test_fingerprint_of_light_curves_sees_every_change(change):
    frame, _ = make_check_data(12)
    assert fingerprint(change(frame)) != fingerprint(frame)


ROWS = {"train": np.arange(30), "test": np.arange(30, 40)}
FOLD = {"fingerprint": "x", "X": X, "y": Y, "groups": np.arange(40), **ROWS}


@pytest.mark.parametrize(
    "change",
    [
        {"fingerprint": "other"},
        {"y": np.where(np.arange(40) == 5, "Ia", Y)},
        {"groups": np.arange(40) // 2},
        {"groups": None},
        {"train": np.arange(29)},
        {"test": np.arange(31, 40)},
        {"estimator": GaussianNB(var_smoothing=1e-8)},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_part_of_a_fold_tells_it_apart(change, tmp_path):
    fold = {"estimator": GaussianNB(), **FOLD}
    cached_prediction(tmp_path, **fold)
    cached_prediction(tmp_path, **fold)
    assert len(list(tmp_path.iterdir())) == 1
    cached_prediction(tmp_path, **{**fold, **change})
    assert len(list(tmp_path.iterdir())) == 2


def test_labels_of_tested_objects_do_not_tell_folds_apart(tmp_path):
    cached_prediction(tmp_path, estimator=GaussianNB(), **FOLD)
    cached_prediction(tmp_path, estimator=GaussianNB(), **{**FOLD, "y": np.append(Y[:39], "Ia")})
    assert len(list(tmp_path.iterdir())) == 1
