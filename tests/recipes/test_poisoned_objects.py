"""One object that breaks the model must not cost the others their predictions."""

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB

from skastro.recipes import prediction_table


@pytest.fixture(scope="module")
def many():
    rng = np.random.default_rng(0)
    names = [f"SN{i:05d}" for i in range(10_000)]
    X = pd.DataFrame(rng.normal(size=(10_000, 3)), index=names, columns=list("abc"))
    return X, np.where(X["a"] > 0, "Ia", "II")


def test_one_among_ten_thousand(many):
    X, y = many
    model = GaussianNB().fit(X, y)
    poisoned = X.copy()
    poisoned.loc["SN04321", "b"] = np.nan
    with pytest.raises(ValueError, match="contains NaN"):
        prediction_table(model, poisoned)
    table = prediction_table(model, poisoned, errors="mark")
    row = table.loc["SN04321"]
    assert row["label"] == "unclassified" and row[["prob_II", "prob_Ia"]].isna().all()
    assert row["reason"].startswith("ValueError: Input X contains NaN")
    others = table.drop("SN04321")
    pd.testing.assert_frame_equal(others, prediction_table(model, X).drop("SN04321"))


def test_every_object_may_fail(many):
    X, y = many
    model = GaussianNB().fit(X, y)
    table = prediction_table(model, X[:3] * np.nan, errors="mark", confidence=True)
    assert (table["label"] == "unclassified").all() and table["reason"].str.len().gt(9).all()


def test_rows_without_names_keep_their_numbers(many):
    X, y = many
    model = GaussianNB().fit(X.to_numpy(), y)
    rows = X.to_numpy()[:5].copy()
    rows[3] = np.nan
    table = prediction_table(model, rows, errors="mark")
    assert table.index.tolist() == [0, 1, 2, 3, 4]
    assert (table["reason"] != "").tolist() == [False, False, False, True, False]


def test_values_per_object_cannot_be_passed(many):
    X, y = many
    model = GaussianNB().fit(X, y)
    with pytest.raises(ValueError, match="takes no values per object"):
        prediction_table(model, X, errors="mark", ood_score=np.zeros(len(X)))
    with pytest.raises(ValueError, match="errors='skip' is neither"):
        prediction_table(model, X, errors="skip")
