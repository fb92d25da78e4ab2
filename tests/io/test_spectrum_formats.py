"""Spectra as archives write them: axes, units, kinds of columns, and damaged files."""

import bz2
import gzip
import warnings

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import read_spectra
from skastro.utils.ragged import flatten

LIGHT = 299792458.0


def one(path, **options):
    """Return the fields of a file read alone."""
    return flatten(read_spectra([path], **options)["spectrum"])[1]


def image(path, n=100, **cards):
    hdu = fits.PrimaryHDU(np.arange(1.0, n + 1, dtype=np.float32))
    hdu.header.update({name.replace("_DASH_", "-"): value for name, value in cards.items()})
    hdu.writeto(path, overwrite=True)
    return path


def table(path, columns, **header):
    hdu = fits.BinTableHDU.from_columns(columns)
    hdu.header.update(header)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)
    return path


# Axes of images -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cards",
    [
        {"CDELT1": 2.5},
        {"CD1_1": 2.5},
        {"CDELT1": 1.0, "CD1_1": 2.5},
        {"CDELT1": 1.0, "PC1_1": 2.5},
        {"CDELT1": 2.5, "CTYPE1": "WAVELENGTH"},
        {"CDELT1": 2.5, "CTYPE1": "LINEAR", "CUNIT1": "Angstrom"},
        {"CDELT1": 2.5, "CTYPE1": "WAVE"},
        {"CD1_1": 2.5, "CDELT1": 1.0, "CTYPE1": "AWAV", "CUNIT1": "Angstrom"},
        {"CDELT1": 2.5, "WAT1_001": "wtype=linear label=Wavelength units=angstroms"},
    ],
)
def test_linear_axes(tmp_path, cards):
    found = one(image(tmp_path / "a.fits", CRVAL1=4000.0, CRPIX1=1.0, **cards))["wavelength"]
    np.testing.assert_allclose(found, 4000 + 2.5 * np.arange(100), rtol=1e-9)


@pytest.mark.parametrize(
    ("unit", "factor"), [("m", 1e-10), ("nm", 0.1), ("um", 1e-4), ("A", 1.0), ("Angstroms", 1.0)]
)
@pytest.mark.parametrize("ctype", ["", "WAVE"])
def test_units_of_axes(tmp_path, unit, factor, ctype):
    cards = {"CRVAL1": 4000 * factor, "CDELT1": 2.0 * factor, "CUNIT1": unit, "CTYPE1": ctype}
    found = one(image(tmp_path / "a.fits", **cards, CRPIX1=1.0))["wavelength"]
    np.testing.assert_allclose(found, 4000 + 2.0 * np.arange(100), rtol=1e-9)


def test_an_axis_in_metres_need_not_say_so(tmp_path):
    path = image(tmp_path / "a.fits", CTYPE1="WAVE", CRVAL1=4e-7, CDELT1=2e-10, CRPIX1=1.0)
    np.testing.assert_allclose(one(path)["wavelength"], 4000 + 2.0 * np.arange(100), rtol=1e-9)


@pytest.mark.parametrize("step", ["CDELT1", "CD1_1"])
def test_logarithmic_axis_of_the_standard(tmp_path, step):
    # Greisen et al. (2006), section 3.2: lambda = lambda_r exp(w / lambda_r).
    cards = {"CTYPE1": "WAVE-LOG", "CUNIT1": "Angstrom", "CRVAL1": 3600.0, step: 2.0}
    found = one(image(tmp_path / "a.fits", **cards, CRPIX1=1.0))["wavelength"]
    np.testing.assert_allclose(found, 3600 * np.exp(2.0 * np.arange(100) / 3600), rtol=1e-9)


def test_units_in_the_cards_of_iraf(tmp_path):
    text = "wtype=linear label=Wavelength units=nanometers"
    path = image(tmp_path / "a.fits", CRVAL1=400.0, CDELT1=0.25, CRPIX1=1.0, WAT1_001=text)
    np.testing.assert_allclose(one(path)["wavelength"], 4000 + 2.5 * np.arange(100))


@pytest.mark.parametrize("flag", [1, "1"])
def test_iraf_flag_of_logarithms(tmp_path, flag):
    cards = {"CRVAL1": 3.6, "CDELT1": 1e-4, "CRPIX1": 1.0, "DC_DASH_FLAG": flag}
    found = one(image(tmp_path / "a.fits", **cards))["wavelength"]
    np.testing.assert_allclose(found, 10 ** (3.6 + 1e-4 * np.arange(100)))


@pytest.mark.parametrize("unit", [{}, {"CUNIT1": "Hz"}])
def test_frequencies_become_wavelengths_in_order(tmp_path, unit):
    path = image(tmp_path / "a.fits", CTYPE1="FREQ", CRVAL1=5e14, CDELT1=1e12, CRPIX1=1.0, **unit)
    rows = one(path)
    np.testing.assert_allclose(
        rows["wavelength"], LIGHT / (5e14 + 1e12 * np.arange(100)[::-1]) * 1e10, rtol=1e-9
    )
    np.testing.assert_array_equal(rows["flux"], np.arange(100, 0, -1))


@pytest.mark.parametrize(
    ("cards", "message"),
    [
        ({"CTYPE1": "VRAD", "CRVAL1": 1e4, "CDELT1": 1e3, "CUNIT1": "m/s"}, "wavelengths in 'm"),
        ({"CRVAL1": 4000.0}, "without CRVAL1 and CDELT1"),
        ({"CRVAL1": 4000.0, "CDELT1": 0.0}, "without CRVAL1 and CDELT1"),
        ({"CRVAL1": 4000.0, "CDELT1": 2.0, "CUNIT1": "furlong"}, "furlong"),
        ({"CRVAL1": -4000.0, "CDELT1": 2.0}, "wavelengths from"),
        ({"CRVAL1": 5e14, "CDELT1": 2.0}, "wavelengths from"),
    ],
)
def test_axes_that_cannot_be_read_are_refused(tmp_path, cards, message):
    with pytest.raises(FormatError, match=f"a.fits.*\n?.*{message}"):
        read_spectra([image(tmp_path / "a.fits", **cards)])


# Units --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["image", "table", "text", "ecsv"])
@pytest.mark.parametrize(("stated", "given"), [(None, "nm"), ("nm", None), ("Angstrom", "nm")])
def test_a_given_unit_replaces_the_stated_one(tmp_path, kind, stated, given):
    wave = np.linspace(400.0, 500.0, 11)
    path = tmp_path / f"a.{kind}"
    if kind == "image":
        unit = {"CUNIT1": stated} if stated else {}
        image(path, 11, CRVAL1=400.0, CDELT1=10.0, CRPIX1=1.0, **unit)
    elif kind == "table":
        table(path, [fits.Column("WAVE", "D", unit=stated, array=wave), flux_column(11)])
    elif kind == "text":
        head = f"# wave [{stated}] flux\n" if stated else ""
        path.write_text(head + "".join(f"{w} 1\n" for w in wave))
    else:
        Table({"wave": wave, "flux": wave * 0}, units=[stated, None]).write(
            path, format="ascii.ecsv"
        )
    conflict = stated == "Angstrom"
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ObjectWarning)
        found = one(path, wavelength_unit=given)["wavelength"]
    np.testing.assert_allclose(found, wave * 10)
    told = [str(w.message) for w in caught if issubclass(w.category, ObjectWarning)]
    assert len(told) == conflict
    assert all("replaces another unit that files state" in text for text in told)


@pytest.mark.parametrize("unit", ["Angstroms", "ANGSTROM", "A", "Å", "nanometers", "micron"])
def test_spellings_of_units(tmp_path, unit):
    factor = {"nanometers": 10, "micron": 1e4}.get(unit, 1)
    (tmp_path / "a.dat").write_text("".join(f"{w / factor:.10g} 1\n" for w in (4000, 5000)))
    np.testing.assert_allclose(
        one(tmp_path / "a.dat", wavelength_unit=unit)["wavelength"], [4000, 5000]
    )
    with pytest.raises(ValueError, match="read_spectra: wavelength_unit is 'parsnip'"):
        one(tmp_path / "a.dat", wavelength_unit="parsnip")


# Columns of tables --------------------------------------------------------------------------


def flux_column(n, **options):
    return fits.Column("FLUX", "D", array=np.arange(1.0, n + 1), **options)


def test_tnull_is_missing(tmp_path):
    wave = fits.Column("WAVE", "D", array=[4000.0, 4010, 4020, 4030])
    flux = fits.Column("FLUX", "J", null=-32768, array=np.array([1, -32768, 3, 4]))
    found = one(table(tmp_path / "a.fits", [wave, flux]))["flux"]
    np.testing.assert_array_equal(found, [1, np.nan, 3, 4])


def test_tnull_of_scaled_columns_is_missing(tmp_path):
    wave = fits.Column("WAVE", "D", array=[4000.0, 4010, 4020, 4030])
    flux = fits.Column("FLUX", "I", null=-5, array=np.array([2, 4, -5, 6]))
    found = one(table(tmp_path / "a.fits", [wave, flux], TSCAL2=0.5, TZERO2=10.0))["flux"]
    np.testing.assert_array_equal(found, [11, 12, np.nan, 13])


@pytest.mark.parametrize("kind", ["PD()", "QD()", "5D"])
def test_one_row_of_arrays(tmp_path, kind):
    wave, flux = np.linspace(4000.0, 5000.0, 5), np.arange(5.0)
    cells = [np.array([v, None], dtype=object)[:1] if "()" in kind else [v] for v in (wave, flux)]
    columns = [fits.Column(n, kind, array=v) for n, v in zip(("WAVE", "FLUX"), cells)]
    rows = one(table(tmp_path / "a.fits", columns))
    np.testing.assert_array_equal(rows["wavelength"], wave)
    np.testing.assert_array_equal(rows["flux"], flux)


def test_several_spectra_in_one_table_are_refused(tmp_path):
    cells = np.arange(4000.0, 4010).reshape(2, 5)
    columns = [fits.Column(n, "5D", array=cells) for n in ("WAVE", "FLUX")]
    with pytest.raises(FormatError, match="holds 2 spectra"):
        read_spectra([table(tmp_path / "a.fits", columns)])


@pytest.mark.parametrize(
    ("header", "rows", "expected"),
    [
        ("# wavelength flux sky flux_err", ["4000 1 900 0.1", "4010 2 901 0.2"], [0.1, 0.2]),
        ("# wavelength flux variance", ["4000 1 4", "4010 2 9"], [2.0, 3.0]),
        ("# Wavelength (A), Flux, ivar", ["4000 1 4", "4010 2 16"], [0.5, 0.25]),
        ("# SEDM\n# lambda [Angstrom] error flux", ["4000 .1 1", "4010 .2 2"], [0.1, 0.2]),
        ("# a spectrum of three columns", ["4000 1 4", "4010 2 9"], [4.0, 9.0]),
        ("wave,flux,err", ["4000,1,4", "4010,2,9"], [4.0, 9.0]),
        ("# no names", ["4000 1 4 7", "4010 2 9 7"], None),
    ],
)
def test_errors_of_text_by_name(tmp_path, header, rows, expected):
    (tmp_path / "a.dat").write_text("\n".join([header, *rows]) + "\n")
    found = one(tmp_path / "a.dat")
    assert found["wavelength"].tolist() == [4000.0, 4010.0]
    assert found["flux"].tolist() == [1.0, 2.0]
    got = found["flux_err"].tolist() if "flux_err" in found else None
    assert got == (expected and pytest.approx(expected))


# Files by content, not by name --------------------------------------------------------------


def test_kinds_of_files_are_known_by_their_content(tmp_path):
    plain = image(tmp_path / "spectrum.mt", CRVAL1=4000.0, CDELT1=2.0)
    (tmp_path / "packed").write_bytes(gzip.compress(plain.read_bytes()))
    (tmp_path / "text.gz").write_bytes(gzip.compress(b"4000 1\n4010 2\n"))
    (tmp_path / "bom.dat").write_bytes(b"\xef\xbb\xbf4000 1\r\n4010 2\r\n")
    (tmp_path / "latin.dat").write_bytes("# Å\n4000 1\n4010 2\n".encode("latin-1"))
    packed = fits.CompImageHDU(np.ones((1, 50), np.float32))
    packed.header.update({"CRVAL1": 4000.0, "CDELT1": 2.0})
    fits.HDUList([fits.PrimaryHDU(), packed]).writeto(tmp_path / "s.fits.fz")
    names = ["spectrum.mt", "packed", "text.gz", "bom.dat", "latin.dat", "s.fits.fz"]
    X = read_spectra([tmp_path / name for name in names])
    assert X["quality"].tolist() == [""] * 6
    assert np.diff(flatten(X["spectrum"])[0]).tolist() == [100, 100, 2, 2, 2, 50]


def test_lists_with_a_byte_order_mark(tmp_path):
    (tmp_path / "a.dat").write_text("4000 1\n4010 2\n")
    (tmp_path / "list.csv").write_bytes(b"\xef\xbb\xbfspecfilename,name,z\na.dat,007,0.1\n")
    X = read_spectra(tmp_path / "list.csv")
    assert X["name"].tolist() == ["007"] and X["redshift"].tolist() == [0.1]


@pytest.mark.parametrize("content", [b"", b"\0\1\2", bz2.compress(b"4000 1\n4010 2\n")])
def test_files_that_are_neither_text_nor_fits(tmp_path, content):
    (tmp_path / "a.dat").write_bytes(content)
    with pytest.raises(FormatError, match="a.dat"):
        read_spectra([tmp_path / "a.dat"])


# Tables of spectra --------------------------------------------------------------------------


def listed(folder, light_curve="MJD,mag,emag,filter\n1,19,0.1,g\n2,99,99,g\n3,20,0.1,r\n"):
    (folder / "a.dat").write_text("4000 1\n4010 2\n")
    (folder / "lc.csv").write_text(light_curve)
    (folder / "list.csv").write_text("name,z,specfilename,lcfilename\nsn1,0.1,a.dat,lc.csv\n")
    return folder / "list.csv"


@pytest.mark.parametrize("code", ["99", "99.9", "-999", "999"])
def test_magnitudes_that_say_missing_are_nan(tmp_path, code):
    path = listed(tmp_path, f"MJD,mag,emag,filter\n1,19,0.1,g\n2,{code},{code},g\n")
    rows = flatten(read_spectra(path)["lightcurve"])[1]
    assert np.isnan(rows["flux"]).tolist() == [False, True] == np.isnan(rows["flux_err"]).tolist()


@pytest.mark.parametrize(
    "text",
    [
        "filter,MJD,mag,emag\ng,59000.5,18.1,0.05,\nr,59003.5,18.2,0.05,\n",
        "MJD,mag,emag,filter\n59000,5,18,1,0,05,g\n",
        "MJD,mag,emag,filter\n59000.5,18.1\n",
    ],
)
def test_rows_of_another_width_never_shift(tmp_path, text):
    with pytest.warns(ObjectWarning, match="line 2: . values"):
        X = read_spectra(listed(tmp_path, text))
    assert len(flatten(X["lightcurve"])[1]["time"]) == 0
    assert "values" in X["lightcurve_quality"].iloc[0]


def test_decimal_commas_in_a_list_are_refused(tmp_path):
    listed(tmp_path)
    (tmp_path / "t.csv").write_text("name,z,type,specfilename\nSN1,0,1,Ia,a.dat\n")
    with pytest.raises(FormatError, match="line 2: 5 values"):
        read_spectra(tmp_path / "t.csv")


def test_files_listed_twice(tmp_path):
    listed(tmp_path)
    paths = [str(tmp_path / "a.dat")] * 2
    with pytest.raises(ObjectError, match="duplicates='number'"):
        read_spectra(paths)
    assert read_spectra(paths, duplicates="first").index.tolist() == paths[:1]
    X = read_spectra(paths, duplicates="number")
    assert X.index.tolist() == [paths[0], f"{paths[0]}_2"]
    assert np.diff(flatten(X["spectrum"])[0]).tolist() == [2, 2]


def test_errors_may_be_raised(tmp_path):
    listed(tmp_path)
    with pytest.raises(FormatError, match=r"lost\.dat.*\n?.*errors='skip'"):
        read_spectra([tmp_path / "a.dat", tmp_path / "lost.dat"], errors="raise")
    with pytest.raises(ValueError, match="errors='ignore'"):
        read_spectra([tmp_path / "a.dat"], errors="ignore")


# Damaged files ------------------------------------------------------------------------------


def damaged(content, key, card):
    i = content.index(key)
    return content[:i] + card.ljust(80) + content[i + 80 :]


@pytest.mark.parametrize(
    ("key", "card"),
    [
        (b"CRVAL1", b"CRVAL1  = 4\x7f00.0"),
        (b"CRVAL1", b"CRVAL1  = 'four thousand'"),
        (b"NAXIS1", b"NAXIS1  = 999999999"),
        (b"NAXIS ", b"NAXIS   = 999999999"),
        (b"BITPIX", b"BITPIX  = 7"),
    ],
)
def test_one_damaged_header_leaves_its_object_empty(tmp_path, key, card):
    good = image(tmp_path / "a.fits", CRVAL1=4000.0, CDELT1=2.0)
    (tmp_path / "b.fits").write_bytes(damaged(good.read_bytes(), key, card))
    with pytest.warns(ObjectWarning, match=r"b\.fits"):
        X = read_spectra([good, tmp_path / "b.fits"])
    assert X["quality"].ne("").tolist() == [False, True]
    assert np.diff(flatten(X["spectrum"])[0]).tolist() == [100, 0]


@pytest.mark.parametrize("key", [b"TFIELDS", b"NAXIS1 ", b"NAXIS2 "])
def test_headers_that_claim_too_much_are_refused_at_once(tmp_path, key):
    wave = fits.Column("WAVE", "D", array=np.linspace(4000.0, 5000.0, 60))
    content = table(tmp_path / "a.fits", [wave, flux_column(60)]).read_bytes()
    card = key.ljust(8) + b"=            999999999"
    (tmp_path / "a.fits").write_bytes(damaged(content, key, card))
    with pytest.raises(FormatError, match="a.fits"):
        read_spectra([tmp_path / "a.fits"])


def sources(folder):
    """A small file of each kind."""
    wave = fits.Column("WAVE", "D", array=np.linspace(4000.0, 5000.0, 8))
    made = {
        "image.fits": image(folder / "image.fits", 8, CRVAL1=4000.0, CDELT1=100.0),
        "table.fits": table(folder / "table.fits", [wave, flux_column(8)]),
    }
    (folder / "text.dat").write_text("# wave flux err\n4000 1 .1\n4010 2 .1\n4020 3 .2\n")
    (folder / "text.csv").write_text("wave,flux\n4000,1\n4010,2\n4020,3\n")
    return [*made.values(), folder / "text.dat", folder / "text.csv"]


@pytest.mark.parametrize("number", range(4))
def test_mutated_files_are_read_or_leave_a_reason(tmp_path, number):
    path = sources(tmp_path)[number]
    content, rng = path.read_bytes(), np.random.default_rng(number)
    (tmp_path / "good.txt").write_text("4000 1\n4010 2\n")
    for _ in range(60):
        bad = bytearray(content)
        for i in rng.integers(min(len(bad), 5760), size=rng.integers(1, 4)):
            bad[i] ^= 1 << rng.integers(8)
        path.write_bytes(bytes(bad[: rng.integers(len(bad) // 2, len(bad) + 1)]))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            X = read_spectra([tmp_path / "good.txt", path])
        offsets, rows = flatten(X["spectrum"])
        assert offsets[1] == 2
        assert (offsets[2] == offsets[1]) == (X["quality"].iloc[1] != "")
        known = rows["wavelength"][np.isfinite(rows["wavelength"])]
        assert ((known > 0) & (known <= 1e7)).all()


def test_numbers_of_objects_as_text(tmp_path):
    listed(tmp_path)
    frame = pd.DataFrame({"specfilename": ["a.dat"], "name": ["007"]})
    assert read_spectra(frame, folder=tmp_path)["name"].tolist() == ["007"]
