"""SNANA text, FITRES, README and redshift tables."""

import gzip

import numpy as np
import pandas as pd
import pytest

from skastro.exceptions import FormatError, ObjectError
from skastro.io import (
    join_redshifts,
    read_fitres,
    read_readme,
    read_redshift_table,
    read_snana_text,
)
from skastro.utils.ragged import flatten

TEXT = """SURVEY: DES
SNID:   {snid}
RA:      36.75  deg
DECL:    -9.0   deg
MWEBV:   0.0283    MW E(B-V)
REDSHIFT_FINAL:  {z} +- 0.005 (CMB)
SNTYPE: 22
# NOBS: 99
NOBS: {nobs}
VARLIST:  MJD  FLT FIELD FLUXCAL FLUXCALERR
OBS:  56002.5  g NULL  7.6e+00 4.68
OBS:  56001.5  r NULL  -3.9    2.75
END:
"""


class TestText:
    def save(self, folder, name="a", snid="SN2010x", z="0.5", nobs=2):
        path = folder / f"{name}.DAT"
        path.write_text(TEXT.format(snid=snid, z=z, nobs=nobs))
        return path

    def test_known_values(self, tmp_path):
        paths = [self.save(tmp_path), self.save(tmp_path, "b", "0042", "-9.0")]
        X = read_snana_text(paths)
        assert X.index.tolist() == ["SN2010x", "0042"]
        np.testing.assert_array_equal(X["redshift"], [0.5, np.nan])
        assert X[["ra", "dec", "mwebv", "type"]].iloc[0].tolist() == [36.75, -9.0, 0.0283, 22]
        _, rows = flatten(X["lightcurve"])
        assert rows["time"].tolist() == [56001.5, 56002.5] * 2
        assert rows["band"].tolist() == ["r", "g"] * 2
        np.testing.assert_allclose(rows["flux"], [-3.9, 7.6] * 2, rtol=1e-6)

    def test_wrong_count_and_lost_columns_are_reported_together(self, tmp_path):
        broken = tmp_path / "c.DAT"
        broken.write_text("SNID: 3\nNOBS: 0\nVARLIST: MJD FLT\n")
        paths = [self.save(tmp_path), self.save(tmp_path, "b", "4", nobs=5), broken]
        with pytest.raises(FormatError, match=r"2 of 3 files.*b.DAT: NOBS is 5.*c.DAT.*FLUXCAL"):
            read_snana_text(paths)

    def test_indented_lines_byte_order_mark_gzip_and_folder(self, tmp_path):
        content = TEXT.format(snid="7", z="0.5", nobs=2).replace("OBS:", "  OBS:")
        (tmp_path / "7.dat.gz").write_bytes(gzip.compress(b"\xef\xbb\xbf" + content.encode()))
        (tmp_path / "notes.md").write_text("not a light curve")
        X = read_snana_text(tmp_path)
        assert X.index.tolist() == ["7"] and len(X["lightcurve.flux"]) == 2

    def test_survey_types_and_columns(self, tmp_path):
        flags = TEXT.replace("FLUXCALERR", "FLUXCALERR PHOTFLAG")
        flags = flags.replace("4.68", "4.68 6144").replace("2.75", "2.75 4096")
        path = tmp_path / "a.DAT"
        path.write_text(flags.format(snid="a", z="0.5", nobs=2))
        plain = self.save(tmp_path, "b", "b")
        X = read_snana_text([path, plain], survey="LSST", types={22: "SNII"}, columns=["SURVEY"])
        assert X["type"].tolist() == ["SNII", "SNII"] and X["SURVEY"].tolist() == ["DES", "DES"]
        np.testing.assert_array_equal(X["trigger_time"], [56002.5, np.nan])
        rows = flatten(X["lightcurve"])[1]
        assert rows["photflag"].tolist() == [4096, 6144, 0, 0]
        assert rows["detected"].tolist() == [True, True, False, False]
        with pytest.raises(KeyError, match="no file has the key 'NOTHING'"):
            read_snana_text(path, columns=["NOTHING"])

    @pytest.mark.parametrize("word", ["NULL", "-9", "nan"])
    def test_missing_values_of_the_header(self, tmp_path, word):
        path = self.save(tmp_path, z=word)
        assert read_snana_text(path)["redshift"].isna().all()

    def test_type_as_text(self, tmp_path):
        path = tmp_path / "a.DAT"
        path.write_text(TEXT.format(snid="a", z=1, nobs=2).replace("SNTYPE: 22", "SNTYPE: Ia"))
        assert read_snana_text(path)["type"].tolist() == ["Ia"]

    def test_no_files(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="read_snana_text: no .DAT"):
            read_snana_text([])
        with pytest.raises(FileNotFoundError, match=str(tmp_path)):
            read_snana_text(tmp_path)

    def test_same_object_twice(self, tmp_path):
        with pytest.raises(ObjectError, match="'SN2010x'"):
            read_snana_text([self.save(tmp_path), self.save(tmp_path, "b")])

    def test_real_file(self, real_data):
        path = real_data / "snana" / "DES_SN848233.DAT"
        X = read_snana_text(path)
        lines = [line.split() for line in path.read_text().splitlines() if line[:4] == "OBS:"]
        assert X.index.tolist() == ["848233"] and X["redshift"].tolist() == [0.50369]
        assert X["redshift_err"].tolist() == [0.005] and X["peak_time"].tolist() == [56250.734]
        assert len(X["lightcurve.flux"]) == len(lines) == 108
        assert X["lightcurve.flux"].sum() == pytest.approx(sum(float(w[4]) for w in lines))


class TestFitres:
    LINES = "# comment\nVARNAMES: CID zHD FIELD\nSN: 0042 0.5 X1\nSN: abc nan 7\n"

    @pytest.mark.parametrize("suffix", [".FITRES", ".FITRES.gz"])
    def test_known_values(self, tmp_path, suffix):
        path = tmp_path / f"x{suffix}"
        content = self.LINES.encode()
        path.write_bytes(gzip.compress(content) if suffix.endswith("gz") else content)
        table = read_fitres(path)
        assert table.index.tolist() == ["0042", "abc"]
        np.testing.assert_array_equal(table["zHD"], [0.5, np.nan])
        assert table["FIELD"].tolist() == ["X1", "7"]

    def test_short_line_is_named(self, tmp_path):
        path = tmp_path / "x.FITRES"
        path.write_text(self.LINES + "SN: 9 0.1\n")
        with pytest.raises(FormatError, match="line 5: 2 values, 3 expected"):
            read_fitres(path)
        path.write_text("hello\n")
        with pytest.raises(FormatError, match="no VARNAMES line"):
            read_fitres(path)

    def test_real_file(self, real_data):
        path = real_data / "snana" / "FITOPT000.FITRES"
        table = read_fitres(path)
        assert len(table) == sum(line[:3] == "SN:" for line in path.read_text().splitlines())
        assert table.loc["1186139", "zHEL"] == pytest.approx(0.44326)
        assert table["x1"].dtype.kind == "f" and table["FIELD"].iloc[0] == "X2"


class TestReadme:
    def test_real_file(self, real_data):
        readme = read_readme(real_data / "snana" / "DES_sim.README", survey="DES")
        assert readme.types[21] == "SNIIn" and readme.types[1] == "SALT3.DOVEKIE"
        assert [number for number, is_ia in readme.is_ia.items() if is_ia] == [1]
        assert set(readme.is_ia) == set(readme.types)
        assert readme.survey.wavelengths == {"g": 4827.7, "r": 6434.8, "i": 7828.1, "z": 9181.2}
        assert readme.survey.photflag["detection"] == 4096

    def test_tabs_and_comments(self, tmp_path):
        path = tmp_path / "x.README"
        path.write_text("GENTYPE_TO_NAME:\t# note\n\t 5:\tIa  A\tB # c\n\nOTHER:\n  7: x y\n")
        readme = read_readme(path)
        assert readme.types == {5: "A"} and readme.survey is None


class TestRedshifts:
    X = pd.DataFrame({"redshift": [0.1, 0.2, 0.3], "redshift_err": 0.0}, index=["01", "b", "c"])

    @pytest.mark.parametrize("suffix", [".csv", ".parquet", ".FITRES"])
    def test_formats(self, tmp_path, suffix):
        path = tmp_path / f"z{suffix}"
        if suffix == ".csv":
            path.write_text("snid,Z,z_err\n01,0.5,0.1\nb,,\n")
        elif suffix == ".parquet":
            columns = {"CID": ["01", "b"], "zHD": [0.5, np.nan], "zHDERR": [0.1, np.nan]}
            pd.DataFrame(columns).to_parquet(path)
        else:
            path.write_text("VARNAMES: CID zHD zHDERR\nSN: 01 0.5 0.1\nSN: b nan nan\n")
        table = read_redshift_table(path)
        assert table.index.tolist() == ["01", "b"]
        np.testing.assert_array_equal(table, [[0.5, 0.1], [np.nan, np.nan]])

    def test_join(self):
        table = pd.DataFrame({"redshift": [0.9, 0.8], "redshift_err": 0.05}, index=["c", "01"])
        with pytest.raises(ObjectError, match="'b'"):
            join_redshifts(self.X, table)
        kept = join_redshifts(self.X, table, missing="keep")
        assert kept["redshift"].tolist() == [0.8, 0.2, 0.9]
        assert kept["redshift_err"].tolist() == [0.05, 0.0, 0.05]
        blank = join_redshifts(self.X, table, missing="nan")
        np.testing.assert_array_equal(blank["redshift"], [0.8, np.nan, 0.9])
        assert blank.index.tolist() == ["01", "b", "c"]

    def test_bad_tables(self, tmp_path):
        twice = pd.DataFrame({"redshift": [0.9, 0.8], "redshift_err": 0.05}, index=["c", "c"])
        with pytest.raises(ObjectError, match="'c'"):
            join_redshifts(self.X, twice)
        path = tmp_path / "z.csv"
        path.write_text("snid,mag\n1,2\n")
        with pytest.raises(
            FormatError, match="z.csv: no column with a redshift .* it has snid, mag"
        ):
            read_redshift_table(path)
