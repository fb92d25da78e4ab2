"""SNANA FITS as found in the wild, and files broken on purpose."""

import gzip
import warnings

import numpy as np
import pytest
from astropy.io import fits

from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import read_snana
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten

IDS = ["SN2016afk", "a-very-long-identifier-of-32-chars", "7"]
TIMES = [[3.0, 4.0, 5.0], [1.0], [8.0, 9.0]]


def head_table(n_obs=(3, 1, 2), pointers=None, ids=IDS, **columns):
    first = np.cumsum([0, *n_obs[:-1]]) + np.arange(len(n_obs)) + 1
    first, last = pointers or (first, first + np.array(n_obs) - 1)
    columns = {"SNID": np.array(ids, "S34"), "NOBS": n_obs} | columns
    return columns | {"PTROBS_MIN": first, "PTROBS_MAX": last}


def phot_table(times=TIMES, separators=(True, True, True), **columns):
    mjd = [t for own, mark in zip(times, separators) for t in [*own, *([-777.0] * mark)]]
    mjd = np.array(mjd)
    bands = np.where(mjd == -777, "-", "g").astype("S2")
    flux = np.arange(len(mjd), dtype=np.float32)
    return {"MJD": mjd, "FLT": bands, "FLUXCAL": flux, "FLUXCALERR": np.ones_like(flux)} | columns


def save(folder, head=None, phot=None, name="A", header=None, suffix=".FITS", lower=False):
    """Write a pair by astropy alone; return the HEAD."""
    for part, columns in (("HEAD", head or head_table()), ("PHOT", phot or phot_table())):
        columns = {(k.lower() if lower else k): np.asarray(v) for k, v in columns.items()}
        rows = np.empty(
            len(next(iter(columns.values()))),
            [(k, v.dtype, v.shape[1:]) for k, v in columns.items()],
        )
        for key, values in columns.items():
            rows[key] = values
        primary = fits.PrimaryHDU()
        primary.header.update(header or {})
        part = part.lower() if lower else part
        hdus = fits.HDUList([primary, fits.BinTableHDU(rows)])
        hdus.writeto(folder / f"{name}_{part}{suffix}", overwrite=True)
    return folder / f"{name}_{'head' if lower else 'HEAD'}{suffix}"


def times_of(X):
    offsets, rows = flatten(X["lightcurve"])
    return [rows["time"][a:b].tolist() for a, b in zip(offsets, offsets[1:])]


class TestBoundaries:
    def test_right_pointers_and_separators(self, tmp_path):
        X = read_snana(save(tmp_path))
        assert X.index.tolist() == IDS and X.index.name == "object_id"
        assert times_of(X) == TIMES
        assert X["lightcurve.flux"].tolist() == [0, 1, 2, 4, 6, 7]

    def test_stale_pointers_are_not_followed(self, tmp_path):
        stale = (np.array([1, 11, 21]), np.array([3, 11, 22]))
        assert times_of(read_snana(save(tmp_path, head_table(pointers=stale)))) == TIMES

    def test_pointers_shifted_by_one_are_not_followed(self, tmp_path):
        shifted = (np.array([2, 6, 8]), np.array([4, 6, 9]))
        assert times_of(read_snana(save(tmp_path, head_table(pointers=shifted)))) == TIMES

    def test_last_separator_may_be_missing(self, tmp_path):
        phot = phot_table(separators=(True, True, False))
        assert times_of(read_snana(save(tmp_path, phot=phot))) == TIMES
        stale = head_table(pointers=(np.array([1, 1, 1]), np.array([9, 9, 9])))
        assert times_of(read_snana(save(tmp_path, stale, phot))) == TIMES

    def test_filtered_head_keeps_its_objects(self, tmp_path):
        head = {name: np.asarray(values)[[0, 2]] for name, values in head_table().items()}
        X = read_snana(save(tmp_path, head))
        assert times_of(X) == [TIMES[0], TIMES[2]]
        assert X["lightcurve.flux"].tolist() == [0, 1, 2, 6, 7]

    def test_reordered_head(self, tmp_path):
        head = {name: np.asarray(values)[[2, 0, 1]] for name, values in head_table().items()}
        assert times_of(read_snana(save(tmp_path, head))) == [TIMES[2], TIMES[0], TIMES[1]]

    def test_no_separators_is_refused_with_both_counts(self, tmp_path):
        phot = phot_table(separators=(False, False, False))
        first = np.array([1, 4, 5])
        head = head_table(pointers=(first, np.array([3, 4, 6])))
        with pytest.raises(FormatError, match="0 of 3 pointers are right.*make 1 objects"):
            read_snana(save(tmp_path, head, phot))

    def test_both_broken_is_refused_with_both_counts(self, tmp_path):
        stale = (np.array([1, 11, 21]), np.array([3, 11, 22]))
        phot = phot_table(separators=(True, False, True))
        with pytest.raises(FormatError, match="1 of 3 pointers.*make 2 objects, 1 of them"):
            read_snana(save(tmp_path, head_table(pointers=stale), phot))

    def test_repeated_pointers_are_not_followed(self, tmp_path):
        phot = phot_table([[1.0, 2.0], [11.0, 12.0]], separators=(True, True))
        head = head_table((2, 2), (np.array([1, 1]), np.array([2, 2])), ids=["a", "b"])
        assert times_of(read_snana(save(tmp_path, head, phot))) == [[1.0, 2.0], [11.0, 12.0]]

    def test_pointers_that_start_inside_an_object_are_not_followed(self, tmp_path):
        phot = phot_table([[1.0, 2.0], [11.0, 12.0]], separators=(True, True))
        head = head_table((1, 2), (np.array([2, 4]), np.array([2, 5])), ids=["a", "b"])
        with pytest.raises(FormatError, match="1 of 2 pointers .* A_PHOT|A_PHOT.*1 of 2 pointers"):
            read_snana(save(tmp_path, head, phot))

    def test_objects_without_observations(self, tmp_path):
        head, phot = head_table((2, 0, 1)), phot_table([[1.0, 2.0], [], [3.0]])
        assert times_of(read_snana(save(tmp_path, head, phot))) == [[1.0, 2.0], [], [3.0]]


class TestValues:
    def test_times_are_sorted_with_their_rows(self, tmp_path):
        phot = phot_table([[5.0, 3.0, 4.0], [1.0], [9.0, 8.0]])
        X = read_snana(save(tmp_path, phot=phot))
        assert times_of(X) == TIMES
        assert X["lightcurve.flux"].tolist() == [1, 2, 0, 4, 7, 6]

    def test_missing_codes(self, tmp_path):
        head = head_table(
            REDSHIFT_FINAL=np.array([0.1, -9, -0.02], np.float32),
            REDSHIFT_FINAL_ERR=np.array([0.01, -9, 0.01], np.float32),
            RA=np.array([1.0, 2.0, -999.0]),
            DECL=np.array([-9.0, -999.0, 5.0]),
            HOSTGAL_MAG_g=np.array([21.0, 999.0, -99.0], np.float32),
            HOSTGAL_OBJID=np.array([2**62 + 1, -9, 5]),
        )
        X = read_snana(save(tmp_path, head), columns=["HOSTGAL_MAG_g", "HOSTGAL_OBJID"])
        np.testing.assert_allclose(X["redshift"], [0.1, np.nan, -0.02], rtol=1e-6)
        assert X["redshift_err"].isna().tolist() == [False, True, False]
        np.testing.assert_array_equal(X["ra"], [1.0, 2.0, np.nan])
        np.testing.assert_array_equal(X["dec"], [-9.0, np.nan, 5.0])
        np.testing.assert_array_equal(X["HOSTGAL_MAG_g"], [21.0, np.nan, np.nan])
        assert X["HOSTGAL_OBJID"].iloc[0] == 2**62 + 1 and X["HOSTGAL_OBJID"].isna().sum() == 1

    def test_each_object_takes_the_first_redshift_and_date_that_are_known(self, tmp_path):
        head = head_table(
            REDSHIFT_FINAL=[0.5, -9.0, -9.0],
            REDSHIFT_FINAL_ERR=[0.125, -9.0, -9.0],
            REDSHIFT_HELIO=[0.75, 0.25, -9.0],
            REDSHIFT_HELIO_ERR=[0.5, 0.0625, -9.0],
            PEAKMJD=[-9.0, 2.0, -9.0],
            SIM_PEAKMJD=[1.5, 9.0, -9.0],
        )
        X = read_snana(save(tmp_path, head))
        np.testing.assert_array_equal(X["redshift"], [0.5, 0.25, np.nan])
        np.testing.assert_array_equal(X["redshift_err"], [0.125, 0.0625, np.nan])
        np.testing.assert_array_equal(X["peak_time"], [1.5, 2.0, np.nan])

    def test_whole_numbers_of_flux_and_time_become_floats(self, tmp_path):
        phot = phot_table(FLUXCAL=np.arange(9, dtype=np.int16), FLUXCALERR=np.ones(9, np.int32))
        phot["MJD"] = phot["MJD"].astype(np.int32)
        rows = flatten(read_snana(save(tmp_path, phot=phot))["lightcurve"])[1]
        assert [rows[n].dtype for n in ("time", "flux", "flux_err")] == [np.float64] * 3
        assert rows["flux"].tolist() == [0, 1, 2, 4, 6, 7]

    @pytest.mark.parametrize("kind", ["u1", "i2", "i4", "f4"])
    def test_photflag_of_any_type(self, tmp_path, kind):
        flags = np.array([0, 1, 0, 0, 0, 0, 0, 0, 0], kind)
        if kind != "u1":
            flags[2] = -9
        X = read_snana(save(tmp_path, phot=phot_table(PHOTFLAG=flags)), survey="LSST")
        assert not X["lightcurve.detected"].any()
        rows = flatten(X["lightcurve"])[1]
        assert rows["photflag"].tolist() == [0, 1, 0, 0, 0, 0]
        assert rows["photflag"].dtype == (np.int64 if kind == "f4" else np.int32)

    def test_columns_that_are_not_plain_numbers(self, tmp_path):
        C = fits.Column
        arrays = np.array([np.array([0.5, 0.25, 0.125]), np.array([0.5, 0.5])], dtype=object)
        head = [
            C("SNID", "8A", array=["a", "b"]),
            C("NOBS", "J", array=[1, 1]),
            C("PEAK_OK", "L", array=[True, False]),
            C("HOST_ID", "K", null=999999, array=np.array([999999, 2**62 + 1])),
            C("PDF", "PE()", array=arrays),
            C("NGAL", "J", bzero=2**31, array=np.array([1, 4000000000], np.uint32)),
        ]
        phot = [
            C("MJD", "D", array=[1.0, -777, 3, -777]),
            C("FLT", "2A", array=["g", "-", "g", "-"]),
            C("FLUXCAL", "J", null=-99, array=np.array([-99, 0, 3, 0])),
            C("FLUXCALERR", "E", array=[1.0, 0, 1, 0]),
            C("DETECTED", "L", array=[True, False, False, False]),
        ]
        for name, columns in (("HEAD", head), ("PHOT", phot)):
            hdus = fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)])
            hdus.writeto(tmp_path / f"A_{name}.FITS")
        X = read_snana(tmp_path, columns=["PEAK_OK", "HOST_ID", "PDF", "NGAL"])
        assert X["PEAK_OK"].tolist() == [True, False] and X["PEAK_OK"].dtype == bool
        assert X["HOST_ID"].isna().tolist() == [True, False] and X["HOST_ID"]["b"] == 2**62 + 1
        assert X[["PDF_0", "PDF_1"]].to_numpy().tolist() == [[0.5, 0.25], [0.5, 0.5]]
        assert X["PDF_2"].isna().tolist() == [False, True] and X["PDF_2"]["a"] == 0.125
        assert X["NGAL"].tolist() == [1, 4000000000]
        np.testing.assert_array_equal(X["lightcurve.flux"], [np.nan, 3.0])
        assert X["lightcurve.detected"].tolist() == [True, False]

    def test_two_dimensional_columns(self, tmp_path):
        head = head_table(ZPHOT_Q=np.arange(6.0).reshape(3, 2))
        X = read_snana(save(tmp_path, head), columns=["ZPHOT_Q"])
        assert X["ZPHOT_Q_1"].tolist() == [1.0, 3.0, 5.0]
        assert "ZPHOT_Q" not in read_snana(tmp_path)

    def test_nan_flux_is_kept(self, tmp_path):
        flux = np.where(np.arange(9) == 1, np.nan, 1.0).astype(np.float32)
        X = read_snana(save(tmp_path, phot=phot_table(FLUXCAL=flux)))
        assert np.isnan(X["lightcurve.flux"]).tolist() == [False, True, False, False, False, False]

    def test_long_band_names_with_padding(self, tmp_path):
        bands = np.array([b"CFA3K-B/q", b"LSST-z  ", b"LSST-z\0", b"-"] + [b"g"] * 5, "S12")
        X = read_snana(save(tmp_path, phot=phot_table(FLT=bands)))
        assert X["lightcurve.band"].tolist()[:3] == ["CFA3K-B/q", "LSST-z", "LSST-z"]

    def test_bands_of_the_low_redshift_sample_of_des(self, tmp_path):
        names = [b"CFA3K-B/q", b"CSP-o/v", b"CFA4P1-r/F", b"-", b"PS1-z/z", b"-"] + [b"CSP-u"] * 3
        save(tmp_path, phot=phot_table(FLT=np.array(names)), header={"SURVEY": "LOWZ"})
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            X = read_snana(tmp_path, survey="LOWZ")
        bands = flatten(X["lightcurve"])[1]["band"]
        found = get_survey("LOWZ").band_wavelengths(bands).tolist()
        assert found == [4355.8, 5387.6, 6242.4, 8679.47, 3628.7, 3628.7]

    def test_zero_point_of_the_header(self, tmp_path):
        X = read_snana(save(tmp_path, header={"ZP_FLUXCAL": 25.0}))
        np.testing.assert_allclose(X["lightcurve.flux"].iloc[1], 10.0, rtol=1e-6)

    def test_flags_and_trigger(self, tmp_path):
        flags = np.array([1024, 4096, 6144, 0, 4096, 0, 0, 0, 0], np.int32)
        X = read_snana(save(tmp_path, phot=phot_table(PHOTFLAG=flags)), survey="LSST")
        assert X["lightcurve.detected"].tolist() == [False, True, True, True, False, False]
        np.testing.assert_array_equal(X["trigger_time"], [5.0, 1.0, np.nan])
        assert "detected" not in read_snana(tmp_path)["lightcurve"].dtype.column_dtypes

    def test_survey_named_in_the_header(self, tmp_path):
        phot = phot_table(PHOTFLAG=np.full(9, 4096, np.int32))
        X = read_snana(save(tmp_path, phot=phot, header={"SURVEY": "DES"}))
        assert X["lightcurve.detected"].all()

    def test_unknown_band_of_a_given_survey(self, tmp_path):
        save(tmp_path, phot=phot_table(FLT=np.array([b"H"] * 8 + [b"g"])))
        with pytest.warns(ObjectWarning, match="6 observations .* DES does not have: 'H'; known"):
            X = read_snana(tmp_path, survey="DES")
        assert set(X["lightcurve.band"]) == {"H"}
        assert set(read_snana(tmp_path)["lightcurve.band"]) == {"H"}


class TestTypes:
    def test_name_in_the_file(self, tmp_path):
        head = head_table(SIM_TYPE_NAME=np.array([b"Ia", b"UNKNOWN", b"II"]), SNTYPE=[1, 2, 3])
        assert read_snana(save(tmp_path, head))["type"].tolist() == ["Ia", "2", "II"]

    def test_numbers_stay_numbers(self, tmp_path):
        X = read_snana(save(tmp_path, head_table(SNTYPE=np.array([1, 101, 123], np.int32))))
        assert X["type"].tolist() == [1, 101, 123] and X["type"].dtype.kind == "i"

    def test_unknown_types_are_missing(self, tmp_path):
        X = read_snana(save(tmp_path, head_table(SNTYPE=np.array([1, -9, 123], np.int32))))
        assert X["type"].isna().tolist() == [False, True, False] and X["type"].sum() == 124

    def test_mapping_of_the_user_comes_first(self, tmp_path):
        save(tmp_path, head_table(SNTYPE=[1, 101, 123], SIM_TYPE_NAME=np.array([b"Ia"] * 3)))
        types = {101: "SNIa", "Ia": "normal"}
        assert read_snana(tmp_path, types=types)["type"].tolist() == ["normal"] * 3
        assert read_snana(tmp_path, types={101: "x"})["type"].tolist() == ["Ia", "x", "Ia"]

    def test_names_of_the_readme(self, tmp_path):
        save(tmp_path, head_table(SIM_TYPE_INDEX=[1, 21, 77]))
        text = "DOCUMENTATION:\n  GENTYPE_TO_NAME: # x\n    1: Ia SALT3 A\n    21: nonIa SNIIn B\n"
        (tmp_path / "A.README").write_text(text)
        assert read_snana(tmp_path)["type"].tolist()[1:] == ["SNIIn", "77"]

    def test_binary_types(self, tmp_path):
        save(tmp_path, head_table(SIM_TYPE_INDEX=[1, 21, 1], SIM_TYPE_NAME=[b"X", b"X", b"X"]))
        text = "GENTYPE_TO_NAME:\n 1: Ia SALT3 A\n 21: nonIa SNIIn B\n"
        (tmp_path / "A.README").write_text(text)
        assert read_snana(tmp_path, types="Ia")["type"].tolist() == ["Ia", "nonIa", "Ia"]
        (tmp_path / "A.README").unlink()
        save(tmp_path, head_table(SIM_TYPE_NAME=np.array([b"SNIa", b"SNIa-91bg", b"II"])))
        assert read_snana(tmp_path, types="Ia")["type"].tolist() == ["Ia", "nonIa", "nonIa"]

    def test_binary_types_without_any_type(self, tmp_path):
        with pytest.raises(FormatError, match="A_HEAD.FITS: types='Ia' needs .* 3 objects"):
            read_snana(save(tmp_path), types="Ia")
        with pytest.raises(ValueError, match="types='II' is neither a dict nor 'Ia'"):
            read_snana(tmp_path, types="II")


class TestFiles:
    def test_lower_case(self, tmp_path):
        save(tmp_path, name="a", lower=True, suffix=".fits")
        assert times_of(read_snana(tmp_path)) == TIMES

    def test_gz_partner_of_a_plain_head(self, tmp_path):
        save(tmp_path)
        phot = tmp_path / "A_PHOT.FITS"
        (tmp_path / "A_PHOT.FITS.gz").write_bytes(gzip.compress(phot.read_bytes()))
        phot.unlink()
        assert times_of(read_snana(tmp_path)) == TIMES

    def test_many_files_of_different_columns(self, tmp_path):
        save(tmp_path, name="A")
        head = head_table(ids=["x", "y", "z"], MWEBV=[0.1, 0.2, 0.3])
        save(tmp_path, head, phot_table(PHOTFLAG=np.full(9, 4096, np.int32)), name="B")
        X = read_snana(tmp_path, survey="DES")
        assert X.index.tolist() == [*IDS, "x", "y", "z"]
        assert X["mwebv"].isna().tolist() == [True] * 3 + [False] * 3
        # Where a file has no PHOTFLAG, a detection is an observation with S/N > 5.
        expected = [flux > 5 for flux in (0, 1, 2, 4, 6, 7)]
        assert X["lightcurve.detected"].tolist() == expected + [True] * 6
        assert read_snana(str(tmp_path / "B*"), survey="DES").index.tolist() == ["x", "y", "z"]
        both = [tmp_path / "B_HEAD.FITS", tmp_path / "A_HEAD.FITS"]
        assert read_snana(both).index.tolist() == ["x", "y", "z", *IDS]

    def test_duplicates_are_refused_by_name(self, tmp_path):
        save(tmp_path, name="A")
        save(tmp_path, name="B")
        with pytest.raises(ObjectError, match="A_HEAD.FITS', 'B_HEAD.FITS'.*'SN2016afk'"):
            read_snana(tmp_path)

    @pytest.mark.parametrize("part", ["HEAD", "PHOT"])
    @pytest.mark.parametrize("suffix", [".FITS", ".FITS.gz"])
    def test_truncated(self, tmp_path, part, suffix):
        save(tmp_path, suffix=suffix)
        path = tmp_path / f"A_{part}{suffix}"
        content = path.read_bytes()
        path.write_bytes(content[: len(content) - (2880 if suffix == ".FITS" else 40)])
        with pytest.raises(FormatError, match=f"A_{part}"):
            read_snana(tmp_path)

    def test_no_fits_at_all(self, tmp_path):
        save(tmp_path)
        (tmp_path / "A_PHOT.FITS").write_text("<html>not found</html>")
        with pytest.raises(FormatError, match="A_PHOT"):
            read_snana(tmp_path)

    def test_missing_column_is_named(self, tmp_path):
        phot = phot_table()
        del phot["FLUXCALERR"]
        with pytest.raises(FormatError, match="no column FLUXCALERR"):
            read_snana(save(tmp_path, phot=phot))
        with pytest.raises(KeyError, match="'HOSTGAL_X'"):
            read_snana(save(tmp_path), columns=["HOSTGAL_X"])

    def test_zero_objects(self, tmp_path):
        empty = {k: np.asarray(v)[:0] for k, v in head_table().items()}
        phot = {k: v[:0] for k, v in phot_table().items()}
        save(tmp_path, empty, phot, name="A")
        assert len(read_snana(tmp_path)) == 0
        save(tmp_path, name="B")
        assert read_snana(tmp_path).index.tolist() == IDS

    def test_nothing_there(self, tmp_path):
        with pytest.raises(FileNotFoundError, match="HEAD"):
            read_snana(tmp_path)
        with pytest.raises(ValueError, match="not a SNANA HEAD"):
            read_snana(save(tmp_path).with_name("A_PHOT.FITS"))


class TestRealFiles:
    def test_stale_pointers_of_des(self, real_data):
        X = read_snana(real_data / "snana" / "DES_Ia-0001_HEAD.FITS")
        phot = fits.getdata(real_data / "snana" / "DES_Ia-0001_PHOT.FITS")
        rows = phot["MJD"] != -777
        owner = np.cumsum(~rows)[rows]
        assert len(X) == 40 and rows.sum() == len(phot) - 39
        lengths = np.bincount(owner, minlength=40)
        assert np.diff(flatten(X["lightcurve"])[0]).tolist() == lengths.tolist()
        for i in (0, 17, 39):
            own = rows & (np.cumsum(~rows) == i)
            order = np.argsort(phot["MJD"][own], kind="stable")
            np.testing.assert_array_equal(
                X["lightcurve"].iloc[i]["flux"].to_numpy(), phot["FLUXCAL"][own][order]
            )

    def test_types_from_the_readme_of_des(self, real_data):
        assert set(read_snana(real_data / "snana" / "DES_Ia-0001_HEAD.FITS")["type"]) == {
            "SALT3.DOVEKIE"
        }

    def test_head_without_phot(self, real_data):
        with pytest.raises(FileNotFoundError, match="DES_NONIa-0001_PHOT.FITS"):
            read_snana(real_data / "snana" / "DES_NONIa-0001_HEAD.FITS")

    def test_gz_pair_of_lsst(self, real_data):
        folder = real_data / "survey_bench"
        X = read_snana(folder, survey="LSST")
        phot = fits.getdata(folder / "LSST_TRAIN-0001_PHOT.FITS.gz")
        rows = phot["MJD"] != -777
        assert len(X) == 65 and X["type"].nunique() == 13
        assert len(X["lightcurve.time"]) == rows.sum()
        assert sorted(set(X["lightcurve.band"])) == sorted("ugrizY")
        flagged = (phot["PHOTFLAG"][rows] & 4096) > 0
        assert X["lightcurve.detected"].sum() == flagged.sum() > 0
