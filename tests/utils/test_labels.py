"""One rule for class labels: every container, one type, no gaps, the index of X."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from skastro.exceptions import ObjectError
from skastro.utils.labels import check_labels, proba_by_class

NAMES = ["Ia", "II", "Ia"]


@pytest.mark.parametrize(
    "y",
    [
        NAMES,
        tuple(NAMES),
        np.array(NAMES),
        np.array(NAMES, object),
        pd.Series(NAMES),
        pd.Series(NAMES).values,
        pd.Series(NAMES, dtype="string[python]"),
        pd.Series(NAMES, dtype="category"),
        pd.Categorical(NAMES),
        pd.array(NAMES, dtype="string"),
        pa.array(NAMES),
        pa.chunked_array([NAMES]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_every_container_of_text(y):
    labels = check_labels(y, "Model")
    assert isinstance(labels, np.ndarray)
    assert labels.tolist() == NAMES


@pytest.mark.parametrize("y", [[1, 0, 1], np.array([1, 0, 1]), pd.array([1, 0, 1], dtype="Int64")])
def test_integers_stay_integers(y):
    assert check_labels(y, "Model").tolist() == [1, 0, 1]


@pytest.mark.parametrize(
    "y",
    [
        ["Ia", None, "II"],
        ["Ia", np.nan, "II"],
        ("Ia", pd.NA, "II"),
        np.array(["Ia", np.nan, "II"]),
        np.array(["Ia", None, "II"]).astype(str),
        pd.Series(["Ia", None, "II"]),
        pd.array(["Ia", None, "II"], dtype="string"),
        pd.Categorical(["Ia", None, "II"]),
        pd.array([1, None, 0], dtype="Int64"),
        np.array([1.0, np.nan, 0.0]),
        pa.array(["Ia", None, "II"]),
    ],
    ids=lambda y: type(y).__name__,
)
def test_an_object_without_label_is_named(y):
    X = pd.DataFrame({"x": range(3)}, index=["SN1", "SN2", "SN3"])
    y = y.set_axis(X.index) if isinstance(y, pd.Series) else y
    with pytest.raises(ObjectError, match="Model: y holds .*label.*object 'SN2'") as error:
        check_labels(y, "Model", X)
    assert error.value.ids == ["SN2"]


@pytest.mark.parametrize("y", [["Ia", 3, "II"], np.array(["Ia", 3, "II"], object)])
def test_labels_of_two_types_are_refused(y):
    with pytest.raises(ObjectError, match=r"different types \(int, str\).*object 1"):
        check_labels(y, "Model")


@pytest.mark.parametrize("y", [["Ia", -1, "II"], np.array(["Ia", -1, "II"])])
def test_minus_one_among_text_is_not_a_class(y):
    with pytest.raises(ObjectError, match="-1 among strings.*unlabelled.*object 1"):
        check_labels(y, "Model")
    assert [str(y) for y in check_labels(y, "Model", allow_unlabelled=True)] == ["Ia", "-1", "II"]


def test_numbers_written_as_text_are_classes():
    assert check_labels(["-1", "1"], "Model").tolist() == ["-1", "1"]


def test_continuous_values_are_refused():
    with pytest.raises(ValueError, match="continuous"):
        check_labels([0.5, 0.7], "Model")


@pytest.mark.parametrize("index", [["SN2", "SN1"], [0, 1]])
def test_a_series_with_another_index_is_refused(index):
    X = pd.DataFrame({"x": [1, 2]}, index=["SN1", "SN2"])
    with pytest.raises(ValueError, match=r"y has another index than X: object 0 is 'SN1' in X"):
        check_labels(pd.Series(["Ia", "II"], index=index), "Model", X)


def test_a_series_with_the_same_index():
    X = pd.DataFrame({"x": [1, 2]}, index=["SN1", "SN2"])
    assert check_labels(pd.Series(["Ia", "II"], X.index), "Model", X).tolist() == ["Ia", "II"]


def test_probabilities_are_read_by_the_names_of_their_columns():
    frame = pd.DataFrame([[0.1, 0.9], [0.3, 0.7]], columns=["Ia", "II"])
    expected = [[0.9, 0.1], [0.7, 0.3]]
    assert proba_by_class(frame, ["II", "Ia"], "f").tolist() == expected
    table = frame.add_prefix("prob_").assign(label="II")
    assert proba_by_class(table, ["II", "Ia"], "f").tolist() == expected
    assert proba_by_class(frame.set_axis(["1", "0"], axis=1), [0, 1], "f").tolist() == expected


def test_probabilities_without_names_keep_their_order():
    values = [[0.1, 0.9]]
    assert proba_by_class(values, ["II", "Ia"], "f").tolist() == values
    assert proba_by_class(pd.DataFrame(values), ["II", "Ia"], "f").tolist() == values


@pytest.mark.parametrize("columns", [["Ia", "AGN"], ["Ia", "II", "AGN"], ["Ia", "Ia"]])
def test_columns_that_are_not_the_classes_are_refused(columns):
    frame = pd.DataFrame([np.full(len(columns), 0.5)], columns=columns)
    with pytest.raises(ValueError, match="f: the columns of the probabilities are 'Ia'"):
        proba_by_class(frame, ["II", "Ia"], "f")
