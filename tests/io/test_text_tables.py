"""Text tables: width of every line, identifiers as written, byte order marks, dates."""

import gzip

import numpy as np
import pandas as pd
import pytest

from skastro.exceptions import FormatError
from skastro.io import join_redshifts, read_observations, read_plasticc, read_redshift_table
from skastro.utils.ragged import flatten

HEAD = "SNID,MJD,BAND,FLUXCAL,FLUXCALERR\n"


def observations(folder, text, name="o.csv", **options):
    path = folder / name
    path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
    return read_observations(path, **options)


def redshifts(folder, text, name="z.csv"):
    path = folder / name
    path.write_text(text) if isinstance(text, str) else path.write_bytes(text)
    return read_redshift_table(path)


class TestWidth:
    @pytest.mark.parametrize(
        "line, found",
        [
            ("a,59000,5,g,1,1", 6),  # decimal comma
            ("a,59000.5,g,1,1,", 6),  # trailing comma
            ("a,59000.5,g,1", 4),  # value lost
        ],
    )
    @pytest.mark.parametrize("n_good", [0, 2])
    def test_every_line_has_the_values_of_the_header(self, tmp_path, line, found, n_good):
        good = "b,59000.5,g,1,1\n" * n_good
        with pytest.raises(
            FormatError, match=f"o.csv, line {2 + n_good}: {found} values, but the header has 5"
        ):
            observations(tmp_path, HEAD + good + line + "\n")

    @pytest.mark.parametrize("delimiter", [",", ";", "\t", " "])
    def test_delimiters(self, tmp_path, delimiter):
        text = (HEAD + "a,1.5,g,2,3\n").replace(",", delimiter)
        X = observations(tmp_path, text)
        assert X["lightcurve.time"].tolist() == [1.5] and X.index.tolist() == ["a"]
        table = redshifts(tmp_path, f"SNID{delimiter}z\n007{delimiter}0.5\n", "z.txt")
        assert table["redshift"].to_dict() == {"007": 0.5}

    def test_decimal_commas_of_a_semicolon_table_are_refused(self, tmp_path):
        text = (HEAD + "a,1.5,g,2,3\n").replace(",", ";").replace(".", ",")
        with pytest.raises(FormatError, match="column 'MJD' holds '1,5'"):
            observations(tmp_path, text)

    def test_quotes_comments_and_empty_lines(self, tmp_path):
        text = f'# made by hand\n{HEAD.strip()},note\n\na,1.5,g,2,3,"x, y"\n'
        X = observations(tmp_path, text)
        assert X["lightcurve.note"].tolist() == ["x, y"]

    def test_two_columns_of_one_name(self, tmp_path):
        with pytest.raises(FormatError, match="o.csv: several columns named 'MJD'"):
            observations(tmp_path, HEAD.replace("BAND", "MJD") + "a,1,2,3,4\n")

    def test_metadata_of_plasticc(self, tmp_path):
        (tmp_path / "m.csv").write_text("object_id,ra,decl\n7,1,2,5\n")
        with pytest.raises(FormatError, match="m.csv, line 2: 4 values"):
            read_plasticc(pd.DataFrame({"object_id": [7]}), tmp_path / "m.csv")


class TestIdentifiers:
    def test_leading_zeros_stay(self, tmp_path):
        X = observations(tmp_path, HEAD + "007,1,g,1,1\n7,2,g,1,1\n2010e5,1,g,1,1\n")
        assert X.index.tolist() == ["007", "7", "2010e5"]
        table = redshifts(tmp_path, "SNID,z\n007,0.5\n7,0.25\n2010e5,0.125\n")
        assert join_redshifts(X, table)["redshift"].tolist() == [0.5, 0.25, 0.125]

    def test_long_identifiers_keep_all_digits(self, tmp_path):
        longest = 2**63 - 1
        X = observations(tmp_path, f"{HEAD}{longest},1,g,1,1\n{longest - 1},1,g,1,1\n")
        assert X.index.tolist() == [str(longest), str(longest - 1)]

    def test_statics_and_observations_agree(self, tmp_path):
        (tmp_path / "s.csv").write_text("id,mwebv\n007,0.5\n7,0.25\n")
        X = observations(tmp_path, HEAD + "007,1,g,1,1\n", statics=tmp_path / "s.csv")
        assert X["mwebv"].to_dict() == {"007": 0.5, "7": 0.25}

    def test_a_missing_identifier_is_an_error(self, tmp_path):
        with pytest.raises(FormatError, match="o.csv: .*missing identifiers, the first in row 1"):
            observations(tmp_path, HEAD + "1,1,g,1,1\n,2,g,1,1\n")
        frame = pd.DataFrame({"id": [1.0, 2.0], "mjd": 1.0, "band": "g", "flux": 1.0, "fluxerr": 1})
        with pytest.raises(FormatError, match="fractions"):
            read_observations(frame)

    def test_names_option(self, tmp_path):
        X = observations(
            tmp_path, HEAD.replace("SNID", "key") + "007,1,g,1,1\n", names={"object_id": "key"}
        )
        assert X.index.tolist() == ["007"]

    def test_numbers_join_as_text(self):
        X = pd.DataFrame({"redshift": [0.1]}, index=[7])
        table = pd.DataFrame({"redshift": [0.5], "redshift_err": [0.1]}, index=["7"])
        assert join_redshifts(X, table)["redshift"].to_dict() == {7: 0.5}


class TestContent:
    @pytest.mark.parametrize("compress", [False, True])
    def test_byte_order_mark(self, tmp_path, compress):
        content = b"\xef\xbb\xbf" + (HEAD + "a,1,g,1,1\n").encode()
        X = observations(tmp_path, gzip.compress(content) if compress else content)
        assert X.index.tolist() == ["a"]
        assert redshifts(tmp_path, b"\xef\xbb\xbfSNID,z\na,0.5\n").index.tolist() == ["a"]

    def test_sentinels_are_not_values(self, tmp_path):
        for name, text in {
            "z.csv": "SNID,z,z_err\na,-9,-9\nb,0.5,0.25\nc,,\n",
            "z.FITRES": "VARNAMES: CID zHD zHDERR\nSN: a -9 -9\nSN: b 0.5 0.25\nSN: c nan nan\n",
        }.items():
            table = redshifts(tmp_path, text, name)
            np.testing.assert_array_equal(table["redshift"], [np.nan, 0.5, np.nan])
            np.testing.assert_array_equal(table["redshift_err"], [np.nan, 0.25, np.nan])

    def test_error_of_the_redshift_that_was_taken(self, tmp_path):
        text = "CID zHD zHDERR zCMB zCMBERR\na 0.5 0.1 0.6 0.2\n"
        assert redshifts(tmp_path, text, "z.dat").loc["a"].tolist() == [0.5, 0.1]

    def test_not_a_number_is_named(self, tmp_path):
        with pytest.raises(FormatError, match="z.csv: column 'z' holds '0.5x'"):
            redshifts(tmp_path, "SNID,z\nA,0.5x\n")
        with pytest.raises(FormatError, match="o.csv: column 'FLUXCAL' holds 'x'"):
            observations(tmp_path, HEAD + "a,1,g,x,1\n")
        with pytest.raises(FormatError, match="z.csv: no column with a redshift .*has SNID, q"):
            redshifts(tmp_path, "SNID,q\nA,1\n")

    @pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
    def test_line_ends(self, tmp_path, end):
        X = observations(tmp_path, (HEAD + "007,1,g,1,1\n").replace("\n", end).encode())
        assert X.index.tolist() == ["007"]

    def test_no_rows(self, tmp_path):
        assert len(observations(tmp_path, HEAD)) == 0
        empty = pd.DataFrame({name: [] for name in ("id", "mjd", "band", "flux", "fluxerr")})
        assert len(read_observations(empty)) == 0

    @pytest.mark.parametrize("name", ["x.csv", "x.parquet"])
    def test_missing_file(self, tmp_path, name):
        with pytest.raises(FileNotFoundError, match=name):
            read_observations(tmp_path / name)

    def test_magnitudes_without_fluxes(self, tmp_path):
        text = "id,mjd,band,mag,magerr\na,1,g,25.0,0.1\na,2,g,99,99\na,3,g,22.5,0.2\n"
        rows = flatten(observations(tmp_path, text)["lightcurve"])[1]
        np.testing.assert_allclose(rows["flux"], [10.0, np.nan, 100.0], rtol=1e-12)
        np.testing.assert_allclose(rows["flux_err"], [0.921034, np.nan, 18.420681], rtol=1e-6)
        with pytest.raises(FormatError, match="no column for 'flux'"):
            observations(tmp_path, "id,mjd,band,mag\na,1,g,25.0\n")


class TestTimes:
    FRAME = pd.DataFrame({"id": ["a"], "band": ["g"], "flux": [1.0], "fluxerr": [1.0]})

    @pytest.mark.parametrize(
        "column, value",
        [
            ("mjd", 59580.5),
            ("JD", 2459581.0),
            ("time", pd.Timestamp("2022-01-01T12:00")),
            ("time", pd.Timestamp("2022-01-01T13:00", tz="Europe/Berlin")),
            ("time", "2022-01-01T12:00:00"),
            ("time", "2022-01-01 12:00:00Z"),
        ],
    )
    def test_dates_become_mjd(self, column, value):
        X = read_observations(self.FRAME.assign(**{column: [value]}))
        assert X["lightcurve.time"].tolist() == [59580.5]

    def test_dates_in_a_file(self, tmp_path):
        X = observations(tmp_path, HEAD + "a,2022-01-01,g,1,1\na,2022-01-01T12:00:00,g,1,1\n")
        assert X["lightcurve.time"].tolist() == [59580.0, 59580.5]

    def test_dates_of_the_peak(self):
        statics = pd.DataFrame({"id": ["a"], "peak_time": [pd.Timestamp("2022-01-01T12:00")]})
        frame = self.FRAME.assign(mjd=1.0)
        assert read_observations(frame, statics)["peak_time"].tolist() == [59580.5]
        statics["peak_time"] = "2022-01-01T12:00:00"
        assert read_observations(frame, statics)["peak_time"].tolist() == [59580.5]
        with pytest.raises(FormatError, match="column 'ra' holds dates, not numbers"):
            read_observations(frame, statics.assign(ra=pd.Timestamp("2022-01-01")))

    def test_days_before_the_peak_are_not_sentinels(self):
        frame = pd.concat([self.FRAME] * 3).assign(mjd=[-9.0, -99.0, 999.0], flux=[-9.0, 999.0, 1])
        rows = flatten(read_observations(frame)["lightcurve"])[1]
        assert rows["time"].tolist() == [-99.0, -9.0, 999.0]
        assert rows["flux"].tolist() == [999.0, -9.0, 1.0]

    def test_further_fields(self):
        frame = pd.concat([self.FRAME] * 2).assign(
            mjd=[1.0, 2.0],
            night=[pd.Timestamp("2022-01-01"), pd.NaT],
            n=pd.array([1, None], "Int64"),
        )
        rows = flatten(read_observations(frame)["lightcurve"])[1]
        assert rows["night"].tolist()[0].startswith("2022-01-01") and pd.isna(rows["night"][1])
        np.testing.assert_array_equal(rows["n"], [1.0, np.nan])

    @pytest.mark.parametrize("value", ["soon", None, np.nan, np.inf])
    def test_what_is_not_a_time(self, value):
        with pytest.raises(FormatError, match="column 'mjd' holds .* which is not a (time|number)"):
            frame = pd.concat([self.FRAME, self.FRAME]).assign(mjd=[59580.5, value])
            read_observations(frame)


@pytest.mark.parametrize(
    "values", [["False", "True"], ["f", "t"], ["0", "1"], [np.nan, 1.0], [-1, 1], [None, True]]
)
def test_detected_however_it_is_written(tmp_path, values):
    frame = TestTimes.FRAME.loc[[0, 0]].assign(mjd=[1.0, 2.0], detected=values)
    X = read_observations(frame)
    assert flatten(X["lightcurve"])[1]["detected"].tolist() == [False, True]
    frame.rename(columns={"band": "filter"}).to_csv(tmp_path / "x.csv", index=False)
    X = read_observations(tmp_path / "x.csv")
    assert flatten(X["lightcurve"])[1]["detected"].tolist() == [False, True]


def test_sentinels_of_statics(tmp_path):
    frame = TestTimes.FRAME.assign(mjd=1.0)
    statics = pd.DataFrame({"id": ["a"], "mwebv": [-9.0], "redshift": [-9.0], "dec": [-9.0]})
    X = read_observations(frame, statics)
    np.testing.assert_array_equal(X.loc["a", ["mwebv", "redshift", "dec"]], [np.nan, np.nan, -9.0])
