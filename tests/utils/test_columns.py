"""One table of columns for all readers."""

import numpy as np
import pandas as pd
import pytest

from skastro.utils.columns import (
    FIELD_ALIASES,
    ID_ALIASES,
    STANDARD_COLUMNS,
    STATIC_ALIASES,
    find_column,
    standard_columns,
    to_flags,
    to_identifiers,
    to_numbers,
)


def standard(table):
    return standard_columns(table, table.get, len(next(iter(table.values()))))


class TestStandardColumns:
    def test_all_of_them_in_order_and_unknown_is_nan(self):
        columns = standard({"SNID": ["a"]})
        assert list(columns) == list(STANDARD_COLUMNS)
        assert np.isnan([values[0] for values in columns.values()]).all()

    def test_each_object_takes_the_first_known_value_with_its_error(self):
        columns = standard(
            {
                "REDSHIFT_FINAL": [0.1, -9.0, -9.0],
                "REDSHIFT_FINAL_ERR": [0.01, -9.0, -9.0],
                "REDSHIFT_HELIO": [0.2, 0.3, -9.0],
                "REDSHIFT_HELIO_ERR": [0.02, 0.03, -9.0],
                "PEAKMJD": [-9.0, -9.0, 3.0],
                "SEARCH_PEAKMJD": [1.0, -9.0, 1.0],
                "SIM_PEAKMJD": [9.0, 2.0, 9.0],
            }
        )
        np.testing.assert_array_equal(columns["redshift"], [0.1, 0.3, np.nan])
        np.testing.assert_array_equal(columns["redshift_err"], [0.01, 0.03, np.nan])
        np.testing.assert_array_equal(columns["peak_time"], [1.0, 2.0, 3.0])

    def test_sentinels_depend_on_the_column(self):
        columns = standard({"DECL": [-9.0, -999.0], "MWEBV": [-9.0, 0.1]})
        np.testing.assert_array_equal(columns["dec"], [-9.0, np.nan])
        np.testing.assert_array_equal(columns["mwebv"], [np.nan, 0.1])

    def test_text_that_is_not_a_number_is_named(self):
        with pytest.raises(ValueError, match="column 'RA' holds '10:20:30'"):
            standard({"RA": ["10:20:30"]})

    def test_no_name_means_two_things(self):
        tables = [*STATIC_ALIASES.values(), *FIELD_ALIASES.values(), ID_ALIASES]
        names = [alias for aliases in tables for alias in aliases]
        assert len(names) == len(set(names)) and all(name == name.lower() for name in names)


@pytest.mark.parametrize("values", [[1.5, None], ["1.5", "NULL"], ["1.5", "-9"], [1.5, -999.0]])
def test_numbers(values):
    np.testing.assert_array_equal(to_numbers("z", values), [1.5, np.nan])


@pytest.mark.parametrize(
    "values",
    [
        [True, False],
        [1, 0],
        [1.0, 0.0],
        [1.0, np.nan],
        [1, -1],
        ["True", "False"],
        ["t", "f"],
        ["1", "0"],
        ["TRUE", ""],
        [True, None],
        pd.Series([True, None], dtype="boolean"),
    ],
)
def test_flags(values):
    assert to_flags("detected", values).tolist() == [True, False]


def test_a_flag_that_is_none_is_named():
    with pytest.raises(ValueError, match="column 'detected' holds '2'"):
        to_flags("detected", [1, 2])


def test_identifiers_are_never_floats():
    assert to_identifiers(["007", 7, 2**62 + 1]).tolist() == ["007", "7", str(2**62 + 1)]
    with pytest.raises(ValueError, match="column 'id' holds fractions"):
        to_identifiers([1.0, 2.0], "id")
    with pytest.raises(ValueError, match="missing identifiers, the first in row 1"):
        to_identifiers([2**62 + 1, None])


def test_preferred_name_comes_first():
    assert find_column(["MJD", "time"], FIELD_ALIASES["time"]) == "time"
    assert find_column(["x"], FIELD_ALIASES["time"]) is None
