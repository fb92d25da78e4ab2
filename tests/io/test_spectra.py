"""Spectra in text, CSV and FITS, tables of them with light curves, and files that are broken."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits
from astropy.table import Table

from skastro.datasets import make_spectra
from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import read_spectra
from skastro.utils.ragged import flatten

WAVELENGTH = np.linspace(4000.0, 9000.0, 11)
FLUX = np.sin(WAVELENGTH / 500) * 1e-16
ERROR = np.linspace(1, 2, 11) * 1e-17


def one(path, **options):
    """Return the fields of a file read alone."""
    return flatten(read_spectra(path, **options)["spectrum"])[1]


def write_text(path, columns, separator=" ", head=""):
    lines = (separator.join(f"{v:.17g}" for v in row) for row in zip(*columns))
    path.write_text(head + "\n".join(lines) + "\n")
    return path


@pytest.mark.parametrize("separator", [" ", "  \t", ",", ", "])
@pytest.mark.parametrize("with_error", [False, True])
def test_text(tmp_path, separator, with_error):
    columns = [WAVELENGTH, FLUX, ERROR][: 2 + with_error]
    head = "# SEDM, Palomar\n#OBJECT: ZTF18\n\n"
    rows = one(write_text(tmp_path / "a.ascii", columns, separator, head))
    assert list(rows) == ["wavelength", "flux", "flux_err"][: 2 + with_error]
    for field, values in zip(rows, columns):
        np.testing.assert_array_equal(rows[field], values)


def test_csv_by_name_in_any_order(tmp_path):
    table = pd.DataFrame({"Err": ERROR, "sky": 0.0, "FLUX": FLUX, "Wave": WAVELENGTH})
    table.to_csv(tmp_path / "a.csv", index=False)
    rows = one(tmp_path / "a.csv")
    np.testing.assert_allclose(rows["flux"], FLUX, rtol=1e-14)
    np.testing.assert_allclose(rows["wavelength"], WAVELENGTH)
    np.testing.assert_allclose(rows["flux_err"], ERROR, rtol=1e-14)


def test_wavelengths_are_sorted_and_converted(tmp_path):
    path = write_text(tmp_path / "a.dat", [WAVELENGTH[::-1] / 10, FLUX[::-1]])
    rows = one(path, wavelength_unit="nm")
    np.testing.assert_allclose(rows["wavelength"], WAVELENGTH)
    np.testing.assert_array_equal(rows["flux"], FLUX)
    with pytest.raises(FormatError, match="wavelength_unit"):
        read_spectra(path)


@pytest.mark.parametrize("logarithmic", [False, True])
@pytest.mark.parametrize("step", ["CDELT1", "CD1_1"])
def test_iraf_image(tmp_path, logarithmic, step):
    header = fits.Header({"CRVAL1": 3.6 if logarithmic else 4000.0, "CRPIX1": 3.0})
    header[step] = 1e-3 if logarithmic else 5.0
    header["DC-FLAG"] = int(logarithmic)
    fits.PrimaryHDU(FLUX, header).writeto(tmp_path / "a.fits")
    pixel = np.arange(11) - 2
    expected = 10 ** (3.6 + 1e-3 * pixel) if logarithmic else 4000 + 5.0 * pixel
    rows = one(tmp_path / "a.fits")
    np.testing.assert_allclose(rows["wavelength"], expected)
    np.testing.assert_array_equal(rows["flux"], FLUX)


def multispec(spec, shape=(1, 11)):
    header = fits.Header({"CTYPE1": "MULTISPE", "CTYPE2": "MULTISPE"})
    text = f'wtype=multispec spec1 = "{spec}" spec2 = "2 2 0 1. 1. 11 0. 1. 2."'
    for i in range(0, len(text), 68):
        header[f"WAT2_{i // 68 + 1:03d}"] = text[i : i + 68]
    data = np.zeros(shape) + 9.0
    data[(0,) * (len(shape) - 1)] = FLUX
    return header, data


def legendre(pixel, terms):
    """First terms by hand: 1, x, (3 x^2 - 1) / 2."""
    x = (pixel - 6) / 5
    return terms[0] + terms[1] * x + terms[2] * (3 * x**2 - 1) / 2


def chebyshev(pixel, terms):
    x = (pixel - 6) / 5
    return terms[0] + terms[1] * x + terms[2] * (2 * x**2 - 1)


def test_multispec(tmp_path):
    pixel = np.arange(1.0, 12)
    cases = {
        "1 1 0 4000. 5. 11 0.25 1. 2.": (4000 + 5 * (pixel - 1)) / 1.25,
        "1 1 1 3.6 0.001 11 0. 1. 2.": 10 ** (3.6 + 0.001 * (pixel - 1)),
        "1 1 2 0 0 11 0. 1. 2. 1. 0. 1 3 1. 11. 6000. 900. 7.": chebyshev(pixel, [6000, 900, 7]),
        "1 1 2 0 0 11 0. 1. 2. 1. 3. 2 3 1. 11. 6000. 900. 7.": 3 + legendre(pixel, [6000, 900, 7]),
    }
    for spec, expected in cases.items():
        header, data = multispec(spec, (2, 11))
        fits.PrimaryHDU(data, header).writeto(tmp_path / "a.fits", overwrite=True)
        rows = one(tmp_path / "a.fits")
        np.testing.assert_allclose(rows["wavelength"], expected)
        np.testing.assert_array_equal(rows["flux"], FLUX)


def test_bands_of_iraf_give_the_error(tmp_path):
    header = fits.Header({"CRVAL1": 4000.0, "CDELT1": 5.0})
    header["BANDID1"], header["BANDID2"] = "spectrum - optimal", "sigma - background"
    data = np.stack([FLUX[None], ERROR[None]])
    fits.PrimaryHDU(data, header).writeto(tmp_path / "a.fits")
    rows = one(tmp_path / "a.fits")
    np.testing.assert_array_equal(rows["flux"], FLUX)
    np.testing.assert_array_equal(rows["flux_err"], ERROR)


def test_table_of_rows_and_table_of_one_row(tmp_path):
    by_row = Table({"wave": WAVELENGTH / 10, "flux": FLUX, "err": ERROR}, units=["nm", None, None])
    in_one = Table({"loglam": [np.log10(WAVELENGTH)], "FLUX": [FLUX], "ivar": [ERROR**-2]})
    for name, table in {"rows": by_row, "one": in_one}.items():
        table.write(tmp_path / f"{name}.fits")
        rows = one(tmp_path / f"{name}.fits")
        for field, values in zip(rows, (WAVELENGTH, FLUX, ERROR)):
            np.testing.assert_allclose(rows[field], values, rtol=1e-12)


def metadata(folder):
    """Write four spectra of three objects and two light curves; return the table."""
    for name in ("a1", "a2", "b1", "c1"):
        columns = [WAVELENGTH, FLUX, ERROR][: 3 if name == "b1" else 2]
        write_text(folder / f"{name}.ascii", columns)
    pd.DataFrame(
        {"MJD": [59002.5, 59001.0], "mag": [18.0, 27.5], "emag": [0.1, 0.2], "filter": ["r", "g"]}
    ).to_csv(folder / "a.csv", index=False)
    return pd.DataFrame(
        {
            "name": ["a", "a", "b", "c"],
            "z": [0.1, 0.1, np.nan, 0.3],
            "type": ["Ia", "Ia", "II", "Ib"],
            "specfilename": ["a1.ascii", "a2.ascii", "b1.ascii", "c1.ascii"],
            "lcfilename": ["a.csv", "a.csv", np.nan, "lost.csv"],
            "specjd": [2459002.5, 2459003.5, 2459004.5, 2459005.5],
        }
    )


def test_metadata_table(tmp_path):
    metadata(tmp_path).to_csv(tmp_path / "train.csv", index=False)
    with pytest.warns(ObjectWarning, match="lost.csv"):
        X = read_spectra(tmp_path / "train.csv")
    assert X.index.tolist() == ["a1.ascii", "a2.ascii", "b1.ascii", "c1.ascii"]
    assert X["name"].tolist() == ["a", "a", "b", "c"]
    np.testing.assert_array_equal(X["redshift"], [0.1, 0.1, np.nan, 0.3])
    assert X["type"].tolist() == ["Ia", "Ia", "II", "Ib"]
    assert X["specjd"].tolist()[0] == 2459002.5
    assert X["quality"].tolist() == [""] * 4
    assert X["lightcurve_quality"].ne("").tolist() == [False, False, False, True]
    offsets, rows = flatten(X["lightcurve"])
    assert offsets.tolist() == [0, 2, 4, 4, 4]
    assert rows["time"].tolist() == [59001.0, 59002.5] * 2
    assert rows["band"].tolist() == ["g", "r"] * 2
    np.testing.assert_allclose(rows["flux"][:2], [1.0, 10 ** (0.4 * 9.5)])
    np.testing.assert_allclose(rows["flux_err"][0], 0.2 * np.log(10) / 2.5)
    offsets, rows = flatten(X["spectrum"])
    assert np.isfinite(rows["flux_err"]).tolist() == [False] * 22 + [True] * 11 + [False] * 11


def test_julian_dates_and_other_names(tmp_path):
    metadata(tmp_path)
    table = pd.DataFrame({"JD": [2459001.25], "magpsf": [19.0], "sigmapsf": [0.1], "band": ["i"]})
    table.to_csv(tmp_path / "b.csv", index=False)
    listed = pd.DataFrame({"specfilename": ["a1.ascii"], "lcfilename": ["b.csv"]})
    X = read_spectra(listed, folder=tmp_path)
    assert flatten(X["lightcurve"])[1]["time"].tolist() == [59000.75]


def test_bad_files_are_reported_together_and_the_rest_is_read(tmp_path):
    good = write_text(tmp_path / "good.dat", [WAVELENGTH, FLUX])
    faults = {
        "empty.dat": "",
        "comments.dat": "# nothing\n",
        "one_column.dat": "4000\n5000\n",
        "words.dat": "4000 1\n5000 bright\n",
        "ragged.dat": "4000 1\n4001 1\n5000 1 2\n",
        "no_flux.csv": "wave,counts\n4000,1\n5000,2\n",
        "nan.dat": "4000 nan\n5000 nan\n",
        "broken.fits": "SIMPLE  = no",
    }
    for name, text in faults.items():
        (tmp_path / name).write_text(text)
    paths = [tmp_path / name for name in faults]
    with pytest.warns(ObjectWarning, match="9 files") as caught:
        X = read_spectra([*paths[:4], good, *paths[4:], tmp_path / "lost.dat"])
    message = str(caught[0].message)
    assert all(name in message for name in [*faults, "lost.dat"])
    assert "ragged.dat: " in message and "line 3" in message
    usable = X["quality"].eq("").to_numpy()
    assert X.index[usable].tolist() == [str(good)]
    assert np.diff(flatten(X["spectrum"])[0])[usable].tolist() == [11]
    assert np.diff(flatten(X["spectrum"])[0])[~usable].tolist() == [0] * 9


def test_no_file_at_all(tmp_path):
    with pytest.raises(FormatError, match=r"a\.dat"):
        read_spectra([tmp_path / "a.dat", tmp_path / "b.dat"])
    with pytest.raises(FormatError, match="no file is given"):
        read_spectra([])
    with pytest.raises(FormatError, match="specfilename"):
        read_spectra(pd.DataFrame({"name": ["a"]}))


def test_a_file_twice_is_refused(tmp_path):
    table = metadata(tmp_path)
    with pytest.raises(ObjectError, match=r"a1\.ascii"):
        read_spectra(pd.concat([table, table[:1]]), folder=tmp_path)
    with pytest.raises(ObjectError, match="no specfilename"):
        read_spectra(table.assign(specfilename=[None, "a", "b", "c"]), folder=tmp_path)


def test_a_bank_of_text_files(tmp_path):
    """Files of different lengths and limits are read with the pixels of their own table."""
    X, _ = make_spectra(12, random_state=0)
    spectra = [flatten(X["spectrum"].iloc[[i]])[1] for i in range(12)]
    spectra = [{f: own[f][i : len(own[f]) - 3 * i] for f in own} for i, own in enumerate(spectra)]
    labels = pd.DataFrame({"specfilename": [f"sn{i}.p{i:02d}.dat" for i in range(12)]})
    for name, own in zip(labels["specfilename"], spectra):
        write_text(tmp_path / name, [own["wavelength"], own["flux"]])
    found = read_spectra(labels, folder=tmp_path)
    offsets, rows = flatten(found["spectrum"])
    assert (found["quality"] == "").all()
    for own, i, j in zip(spectra, offsets[:-1], offsets[1:]):
        np.testing.assert_array_equal(rows["wavelength"][i:j], own["wavelength"])
        np.testing.assert_allclose(rows["flux"][i:j], own["flux"])
