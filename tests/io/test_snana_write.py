"""SNANA FITS files as written: exact when read again, by us and by sncosmo."""

import numpy as np
import pandas as pd
import pytest
import sncosmo
from astropy.io import fits
from nested_pandas import NestedFrame

from skastro.exceptions import ObjectError
from skastro.io import read_snana, write_snana
from skastro.utils.ragged import flatten, nest

IDS = ["SN2016afk", "a-very-long-identifier-of-32-chars", "7"]


class TestWrite:
    def frame(self):
        rows = {
            "time": np.array([3.0, 4.5, 59000.123456789, 1.0]),
            "band": ["g", "LSST-z", "g", "Y"],
            "flux": np.array([1.5, -2.0, np.nan, 1e-9], np.float32),
            "flux_err": np.array([1.0, 0.1, 0.2, 3.0], np.float32),
            "photflag": np.array([0, 4096, 6144, 1024], np.int32),
            "detected": np.array([False, True, True, False]),
        }
        statics = {
            "redshift": [0.1, np.nan, -0.01],
            "redshift_err": [0.01, np.nan, 0.001],
            "mwebv": [0.0, 0.3, np.nan],
            "peak_time": [59000.123456789, np.nan, 1.0],
            "trigger_time": [4.5, np.nan, np.nan],
            "ra": [0.0, np.nan, 359.0],
            "dec": [-9.0, np.nan, 89.0],
            "type": ["SNIa", "SNII", "RR Lyrae"],
        }
        X = NestedFrame(statics, index=IDS).rename_axis("object_id")
        return X.assign(lightcurve=nest([0, 2, 2, 4], rows, X.index))

    @pytest.mark.parametrize("compress", [False, True])
    def test_round_trip_is_exact(self, tmp_path, compress):
        X = self.frame()
        offsets, rows = flatten(X["lightcurve"])
        rows = {name: values[[0, 1, 3, 2]] for name, values in rows.items()}
        X = X.assign(lightcurve=nest(offsets, rows, X.index))
        head, _ = write_snana(X, tmp_path / "new" / "L", survey="LSST", compress=compress)
        Y = read_snana(head)
        assert Y.columns.tolist() == X.columns.tolist() and Y.index.tolist() == IDS
        for name in X.columns.drop("lightcurve"):
            assert X[name].tolist() == pytest.approx(Y[name].tolist(), abs=0, nan_ok=True), name
        back_offsets, back = flatten(Y["lightcurve"])
        assert back_offsets.tolist() == offsets.tolist()
        for name, values in rows.items():
            np.testing.assert_array_equal(np.asarray(back[name]), np.asarray(values), name)
            assert name == "band" or back[name].dtype == values.dtype

    def test_sncosmo_reads_the_same(self, tmp_path):
        head, phot = write_snana(self.frame(), tmp_path / "L", survey="LSST")
        theirs = sncosmo.read_snana_fits(str(head), str(phot))
        assert [table.meta["SNID"].decode() for table in theirs] == IDS
        assert [len(table) for table in theirs] == [2, 0, 2]
        np.testing.assert_array_equal(theirs[0]["FLUXCAL"], [1.5, -2.0])
        assert [b.strip() for b in theirs[0]["BAND"].astype(str)] == ["g", "LSST-z"]

    def test_duplicates_are_refused(self, tmp_path):
        X = self.frame()
        X.index = ["a", "b", "a"]
        with pytest.raises(ObjectError, match="'a'"):
            write_snana(X, tmp_path / "L")

    def test_missing_values_of_every_kind_come_back(self, tmp_path):
        X = self.frame().assign(
            count=pd.array([1, None, 3], "Int64"),
            ok=pd.array([True, None, False], "boolean"),
            HOST_DEC=[-9.0, np.nan, 1.0],
            host=["a", None, "c"],
            LOGMASS=np.array([10.5, np.nan, 9.5], np.float32),
        )
        X["type"] = np.array(["SNIa", None, 7], object)
        columns = ["count", "ok", "HOST_DEC", "host", "LOGMASS"]
        Y = read_snana(write_snana(X, tmp_path / "L")[0], columns=columns)
        assert Y["count"].isna().tolist() == [False, True, False] and Y["count"].sum() == 4
        assert Y["ok"].isna().tolist() == [False, True, False] and Y["ok"].sum() == 1
        np.testing.assert_array_equal(Y["HOST_DEC"], [-9.0, np.nan, 1.0])
        np.testing.assert_array_equal(Y["LOGMASS"], [10.5, np.nan, 9.5])
        assert Y["host"].tolist() == ["a", "", "c"]
        assert Y["type"].tolist()[::2] == ["SNIa", "7"] and Y["type"].isna().tolist()[1]

    def test_detections_that_photflag_does_not_tell(self, tmp_path):
        X = self.frame()
        offsets, rows = flatten(X["lightcurve"])
        rows = rows | {"detected": np.array([1.0, np.nan, 0.0, 1.0])}
        X = X.assign(lightcurve=nest(offsets, rows, X.index))
        for survey in (None, "LSST"):
            head, _ = write_snana(X, tmp_path / "L", survey=survey)
            back = flatten(read_snana(head)["lightcurve"])[1]
            assert back["detected"].tolist() == [True, False, True, False]
            assert back["photflag"].tolist() == [0, 4096, 1024, 6144]

    def test_unsigned_integers(self, tmp_path):
        X = self.frame().assign(
            a=np.array([1, 2, 3], np.uint8),
            b=np.array([1, 2, 60000], np.uint16),
            c=np.array([1, 2, 2**32 - 1], np.uint32),
            d=np.array([1, 2, 2**63 - 1], np.uint64),
        )
        Y = read_snana(write_snana(X, tmp_path / "L")[0], columns=list("abcd"))
        assert Y[list("abcd")].iloc[2].tolist() == [3, 60000, 2**32 - 1, 2**63 - 1]

    def test_what_cannot_be_written_is_named(self, tmp_path):
        X = self.frame()
        for values, cause in {
            "pqé": "'x' holds 'é', which is not ASCII",
            (1j, 2j, 3j): "column 'x' of dtype complex128 cannot be written",
        }.items():
            with pytest.raises(ValueError, match=cause):
                write_snana(X.assign(x=list(values)), tmp_path / "L")
        with pytest.raises(ValueError, match="nested column 'spectrum'; drop it"):
            write_snana(X.assign(spectrum=X["lightcurve"]), tmp_path / "L")
        with pytest.raises(ValueError, match="'MWEBV' would be a second column MWEBV"):
            write_snana(X.assign(MWEBV=1.0), tmp_path / "L")
        Y = write_snana(X.assign(MWEBV=X["mwebv"]), tmp_path / "L")
        np.testing.assert_array_equal(read_snana(Y[0])["mwebv"], X["mwebv"])

    def test_further_fields_are_not_lost(self, tmp_path):
        X = self.frame()
        offsets, rows = flatten(X["lightcurve"])
        rows = {n: v for n, v in rows.items() if n != "photflag"} | {"sky": np.arange(4.0)}
        X = X.assign(lightcurve=nest(offsets, rows, X.index))
        head, phot = write_snana(X, tmp_path / "L", survey="LSST")
        written = fits.getdata(phot)
        assert written["SKY"][written["MJD"] != -777].tolist() == [0, 1, 2, 3]
        assert read_snana(head)["lightcurve.detected"].sum() == 2
