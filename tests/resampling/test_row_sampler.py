"""RowSampler: balance, alignment and refusals on every kind of X."""

from collections import Counter

import numpy as np
import pandas as pd
import pytest
from imblearn import FunctionSampler
from imblearn.over_sampling import SMOTE, SMOTEN, RandomOverSampler
from imblearn.pipeline import make_pipeline
from imblearn.under_sampling import NearMiss, RandomUnderSampler, TomekLinks
from scipy import sparse
from sklearn.base import clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_predict
from sklearn.preprocessing import FunctionTransformer

from skastro.exceptions import ObjectError
from skastro.resampling import RowSampler
from skastro.testing import make_check_data
from skastro.utils.ragged import flatten, segment_reduce

UNDER = RandomUnderSampler(random_state=0)
OVER = RandomOverSampler(random_state=0)


def mean_flux(X):
    offsets, rows = flatten(X["lightcurve"])
    lengths = np.maximum(np.diff(offsets), 1)
    return (segment_reduce(offsets, rows["flux"], np.add, 0.0) / lengths)[:, None]


@pytest.fixture(scope="module")
def data():
    X, _ = make_check_data(n_objects=30)
    y = np.repeat(["Ia", "II", "KN"], [18, 9, 3])
    return X, y[np.random.default_rng(0).permutation(30)]


@pytest.mark.parametrize("sampler, n", [(UNDER, 3), (OVER, 18)], ids=["under", "over"])
def test_classes_are_balanced_exactly_and_rows_stay_whole(data, sampler, n):
    X, y = data
    pick = RowSampler(sampler)
    X_new, y_new = pick.fit_resample(X, y)
    assert Counter(y_new) == {"Ia": n, "II": n, "KN": n}
    assert (y[pick.sample_indices_] == y_new).all()
    assert X_new.index.tolist() == X.index[pick.sample_indices_].tolist()
    np.testing.assert_array_equal(mean_flux(X_new), mean_flux(X)[pick.sample_indices_])
    assert X_new["redshift"].equals(X["redshift"].iloc[pick.sample_indices_])
    assert pick.sampling_strategy_ == pick.sampler_.sampling_strategy_


@pytest.mark.parametrize("sampler", [UNDER, OVER], ids=["under", "over"])
def test_dense_rows_agree_with_the_sampler_itself(data, sampler):
    y = data[1]
    dense = np.random.default_rng(0).normal(size=(30, 4)).astype(np.float32)
    X_new, y_new = RowSampler(sampler).fit_resample(dense, y)
    X_same, y_same = clone(sampler).fit_resample(dense, y)
    np.testing.assert_array_equal(X_new, X_same)
    np.testing.assert_array_equal(y_new, y_same)
    assert X_new.dtype == np.float32


def memory_mapped(array, path):
    array.tofile(path)
    return np.memmap(path, array.dtype, "r", shape=array.shape)


@pytest.mark.parametrize(
    "make",
    [
        lambda a, path: pd.DataFrame(a, columns=list("abcd")),
        lambda a, path: sparse.csr_array(a),
        lambda a, path: a.tolist(),
        lambda a, path: memory_mapped(a, path / "x"),
    ],
    ids=["frame", "sparse", "list", "memmap"],
)
def test_any_container_keeps_its_type(data, make, tmp_path):
    X = make(np.arange(120.0).reshape(30, 4), tmp_path)
    pick = RowSampler(UNDER)
    X_new, _ = pick.fit_resample(X, data[1])
    assert type(X_new) is (np.ndarray if isinstance(X, np.memmap) else type(X))
    plain = [x.toarray() if sparse.issparse(x) else np.asarray(x) for x in (X_new, X)]
    np.testing.assert_array_equal(plain[0], plain[1][pick.sample_indices_])


@pytest.mark.parametrize(
    "make",
    [
        lambda y: pd.Series(y, name="type"),
        lambda y: y.tolist(),
        lambda y: pd.Series(y, dtype="category"),
        lambda y: np.unique(y, return_inverse=True)[1],
        lambda y: y == "Ia",
        lambda y: y.astype(object),
        lambda y: pd.Series(y.astype(str)).values,
        lambda y: pd.array(y, dtype="string"),
    ],
    ids=["series", "list", "category", "int", "bool", "object", "arrow", "string"],
)
def test_any_labels_keep_their_type_and_order(data, make):
    X, y = data[0], make(data[1])
    y = y.set_axis(X.index) if isinstance(y, pd.Series) else y
    pick = RowSampler(UNDER)
    y_new = pick.fit_resample(X, y)[1]
    assert type(y_new) is type(y)
    assert list(y_new) == [list(y)[i] for i in pick.sample_indices_]
    if isinstance(y, pd.Series):
        assert y_new.dtype == y.dtype
        assert y_new.index.tolist() == y.index[pick.sample_indices_].tolist()


def test_at_most_so_many_of_each_class(data):
    X, y = data

    def at_most(y):
        return {label: min(n, 5) for label, n in Counter(y).items()}

    sampler = RandomUnderSampler(sampling_strategy=at_most, random_state=0)
    assert Counter(RowSampler(sampler).fit_resample(X, y)[1]) == {"Ia": 5, "II": 5, "KN": 3}


def test_a_function_may_pick_rows(data):
    X, y = data
    first = FunctionSampler(func=lambda rows, labels: (rows[:4], labels[:4]))
    X_new, y_new = RowSampler(first).fit_resample(X, y)
    assert X_new.index.tolist() == X.index[:4].tolist()
    assert y_new.tolist() == y[:4].tolist()


def test_the_seed_decides(data):
    rows = [
        RowSampler(RandomUnderSampler(random_state=seed)).fit(*data).sample_indices_.tolist()
        for seed in (0, 0, 1)
    ]
    assert rows[0] == rows[1] != rows[2]


def test_inside_a_pipeline_only_fit_resamples(data):
    X, y = data
    model = make_pipeline(
        RowSampler(UNDER), FunctionTransformer(mean_flux), DummyClassifier(strategy="prior")
    ).fit(X, y)
    np.testing.assert_allclose(model.predict_proba(X), np.full((30, 3), 1 / 3))


def test_inside_cross_validation_and_search(data):
    X, y = data
    model = make_pipeline(RowSampler(UNDER), FunctionTransformer(mean_flux), LogisticRegression())
    assert cross_val_predict(model, X, y, cv=3, method="predict_proba").shape == (30, 3)
    seeds = {"rowsampler__sampler__random_state": [0, 1]}
    search = GridSearchCV(model, seeds, cv=3, error_score="raise").fit(X, y)
    seed = search.best_params_["rowsampler__sampler__random_state"]
    assert search.best_estimator_[0].sampler_.random_state == seed
    assert UNDER.random_state == 0


def test_the_given_sampler_stays_untouched(data):
    sampler = RandomUnderSampler(random_state=0)
    RowSampler(sampler).fit_resample(*data)
    assert not hasattr(sampler, "sample_indices_")


@pytest.mark.parametrize(
    "sampler, match",
    [
        (SMOTE(), "SMOTE reads the values of X"),
        (SMOTEN(), "SMOTEN reads the values of X"),
        (TomekLinks(), "TomekLinks reads the values of X"),
        (NearMiss(), "NearMiss reads the values of X"),
        (RandomOverSampler(shrinkage=1.0, random_state=0), "makes new objects"),
        (FunctionSampler(func=lambda r, y: (r + 1, y)), "makes new objects"),
        (FunctionSampler(func=lambda r, y: (r - 1, y)), "makes new objects"),
        (FunctionSampler(func=lambda r, y: (np.c_[r, r], y)), "makes new objects"),
        (FunctionSampler(func=lambda r, y: (r, y[::-1])), "changes the labels"),
    ],
)
def test_samplers_that_do_not_pick_rows_are_refused(data, sampler, match):
    with pytest.raises(ValueError, match=match):
        RowSampler(sampler).fit_resample(*data)


def test_a_sampler_that_contradicts_itself_is_refused(data):
    class Liar(RandomUnderSampler):
        def _fit_resample(self, X, y):
            picked = super()._fit_resample(X, y)
            self.sample_indices_ = self.sample_indices_ + 1
            return picked

    with pytest.raises(ValueError, match="differ from its sample_indices_"):
        RowSampler(Liar(random_state=0)).fit_resample(*data)


def test_bad_input_is_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="RowSampler requires y"):
        RowSampler(UNDER).fit_resample(X, None)
    with pytest.raises(ValueError, match="RowSampler: X holds 0 objects"):
        RowSampler(UNDER).fit_resample(X.iloc[:0], y[:0])
    with pytest.raises(ValueError, match="inconsistent numbers of samples"):
        RowSampler(UNDER).fit_resample(X, y[:-1])
    with pytest.raises(ValueError, match="'sampler' parameter of RowSampler"):
        RowSampler("random").fit_resample(X, y)


def test_a_series_of_other_objects_is_refused(data):
    X, y = data
    with pytest.raises(ValueError, match="RowSampler: y has another index than X"):
        RowSampler(UNDER).fit_resample(X, pd.Series(y))


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA], ids=repr)
def test_an_object_without_label_is_named(data, missing):
    X, y = data
    y = y.astype(object)
    y[3] = missing
    with pytest.raises(ObjectError, match=f"RowSampler: y holds no label .*{X.index[3]}"):
        RowSampler(UNDER).fit_resample(X, y)
