"""Tables with one row per observation: layouts found in the wild, and what is refused."""

import numpy as np
import pandas as pd
import pytest

from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import read_observations
from skastro.utils.ragged import flatten

TABLE = pd.DataFrame(
    {
        "object_id": [7, 8, 7, 9, 7],
        "mjd": [3.0, 5.0, 1.0, 0.0, 2.0],
        "band": ["g ", "r", "i", "g", "g"],
        "flux": np.arange(5, dtype=np.float32),
        "flux_err": 1.0,
        "PHOTFLAG": [4096, 0, 0, 6144, 6144],
        "sky": [0.1, 0.2, 0.3, 0.4, 0.5],
    }
)
PASSBANDS = dict(enumerate("ugrizY"))


def light_curves(X):
    offsets, rows = flatten(X["lightcurve"])
    return {
        name: {field: np.asarray(values[i:j]).tolist() for field, values in rows.items()}
        for name, i, j in zip(X.index, offsets[:-1], offsets[1:])
    }


class TestLayout:
    def test_rows_of_an_object_find_together_in_order_of_time(self):
        X = read_observations(TABLE, survey="LSST")
        assert X.index.tolist() == ["7", "8", "9"] and X.index.name == "object_id"
        assert light_curves(X)["7"] == {
            "time": [1.0, 2.0, 3.0],
            "band": ["i", "g", "g"],
            "flux": [2.0, 4.0, 0.0],
            "flux_err": [1.0, 1.0, 1.0],
            "photflag": [0, 6144, 4096],
            "sky": [0.3, 0.5, 0.1],
            "detected": [False, True, True],
        }
        np.testing.assert_array_equal(X["trigger_time"], [2.0, np.nan, 0.0])
        assert flatten(X["lightcurve"])[1]["flux"].dtype == np.float32

    def test_statics_set_the_objects_and_their_order(self):
        statics = pd.DataFrame(
            {"SNID": [9, 10, 8, 7], "MWEBV": [0.1, 0.2, -9.0, 0.3], "host": ["a", "b", "c", "d"]}
        )
        X = read_observations(TABLE, statics)
        assert X.index.tolist() == ["9", "10", "8", "7"]
        assert np.diff(flatten(X["lightcurve"])[0]).tolist() == [1, 0, 1, 3]
        assert X["MWEBV"].tolist() == [0.1, 0.2, -9.0, 0.3] and X["host"]["7"] == "d"
        np.testing.assert_array_equal(X["mwebv"], [0.1, 0.2, np.nan, 0.3])
        assert light_curves(X)["7"] == light_curves(read_observations(TABLE))["7"]

    @pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet"])
    def test_files(self, tmp_path, suffix):
        path = tmp_path / f"table{suffix}"
        TABLE.to_parquet(path) if suffix == ".parquet" else TABLE.to_csv(path, index=False)
        assert light_curves(read_observations(path)) == light_curves(read_observations(TABLE))

    def test_own_names(self):
        own = TABLE.rename(columns={"flux": "counts", "mjd": "when"})
        X = read_observations(own, names={"flux": "counts", "time": "when"})
        assert light_curves(X) == light_curves(read_observations(TABLE))
        with pytest.raises(
            FormatError, match="no column 'nothing' for 'flux'; there are .*'counts'"
        ):
            read_observations(own, names={"flux": "nothing"})
        with pytest.raises(FormatError, match="'colour'"):
            read_observations(own, names={"colour": "band"})

    def test_plasticc(self, plasticc_files):
        table, meta = plasticc_files
        X = read_observations(table, meta, bands=PASSBANDS)
        raw = pd.read_csv(table)
        assert len(X) == 10 and len(X["lightcurve.flux"]) == len(raw)
        own = raw[raw["object_id"] == 615].sort_values("mjd", kind="stable")
        found = light_curves(X)["615"]
        assert found["flux"] == own["flux"].tolist()
        assert found["band"] == own["passband"].map(PASSBANDS).tolist()
        assert found["detected"] == own["detected"].astype(bool).tolist()
        assert X["dec"].equals(X["decl"].rename("dec")) and X["target"].isin([42, 90, 92]).all()

    def test_elasticc_with_headers(self, real_data):
        folder = real_data / "lightcurves"
        X = read_observations(
            folder / "elasticc_10_lightcurves.parquet",
            folder / "elasticc_10_header.parquet",
            survey="LSST",
        )
        header = pd.read_parquet(folder / "elasticc_10_header.parquet")
        assert X.index.tolist() == header.index.astype(str).tolist()
        np.testing.assert_array_equal(X["redshift"], header["REDSHIFT_HELIO"].astype(float))
        np.testing.assert_array_equal(X["trigger_time"], header["MJD_TRIGGER"].astype(float))
        assert "detected" not in X["lightcurve"].dtype.column_dtypes


class TestRefused:
    @pytest.mark.parametrize("column", ["object_id", "mjd", "band", "flux", "flux_err"])
    def test_missing_columns_are_named(self, column):
        with pytest.raises(FormatError, match="read_observations: no column for '.*; there are"):
            read_observations(TABLE.drop(columns=column))

    @pytest.mark.parametrize(
        "column, value, text",
        [
            ("object_id", [1.0, 2.0, 3.0, 4.0, np.nan], "identifiers"),
            ("band", ["g", None, "r", "g", "g"], "missing bands in column 'band'"),
            ("band", [1, 2, 3, 4, 5], "numbers; pass `bands`"),
            ("PHOTFLAG", [0, 0, 0, 0, np.nan], "missing values in column 'PHOTFLAG'"),
        ],
    )
    def test_values_without_meaning(self, column, value, text):
        with pytest.raises(FormatError, match=text):
            read_observations(TABLE.assign(**{column: value}))

    def test_unknown_bands(self):
        with pytest.raises(FormatError, match="column 'band' holds 'i', which are not in bands"):
            read_observations(TABLE, bands={"g ": "g", "r": "r", "g": "g"})
        with pytest.warns(ObjectWarning, match="5 observations .* ZTF does not have: 'K'"):
            X = read_observations(TABLE.assign(band="K"), survey="ZTF")
        assert set(X["lightcurve.band"]) == {"K"}

    def test_objects_that_do_not_match(self):
        with pytest.raises(ObjectError, match="not in statics.*'8', '9'"):
            read_observations(TABLE, pd.DataFrame({"id": [7], "z": [0.1]}))
        with pytest.raises(ObjectError, match="more than once .*'7'"):
            read_observations(TABLE, pd.DataFrame({"id": [7, 8, 9, 7]}))
