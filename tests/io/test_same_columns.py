"""One object has the same columns with the same values whatever file it comes in."""

import numpy as np
import pandas as pd
import pytest
from astropy.io import fits

from skastro.datasets import make_light_curves
from skastro.io import (
    read_alerts,
    read_observations,
    read_parquet,
    read_plasticc,
    read_snana,
    read_snana_text,
    write_parquet,
    write_snana,
)
from skastro.utils.columns import STANDARD_COLUMNS, STANDARD_FIELDS
from skastro.utils.ragged import flatten

HEADER = {
    "SNID": "722",
    "RA": 36.75,
    "DECL": -9.0,
    "MWEBV": 0.125,
    "REDSHIFT_FINAL": -9.0,
    "REDSHIFT_FINAL_ERR": -9.0,
    "REDSHIFT_HELIO": 0.0859375,
    "REDSHIFT_HELIO_ERR": 0.0009765625,
    "SEARCH_PEAKMJD": 56250.75,
    "HOSTGAL_LOGMASS": 10.5,
    "SNTYPE": 22,
}
ROWS = {
    "MJD": [56002.5, 56001.5, 56003.5],
    "FLT": ["g", "r", "g"],
    "FLUXCAL": [7.5, -3.875, 30.0],
    "FLUXCALERR": [4.5, 2.75, 2.0],
    "PHOTFLAG": [0, 4096, 4096],
}


def as_text(folder):
    pairs = {key: value for key, value in HEADER.items() if not key.endswith("_ERR")}
    lines = ["SURVEY: DES"]
    for key, value in pairs.items():
        error = f" +- {HEADER[f'{key}_ERR']}" if f"{key}_ERR" in HEADER else ""
        lines.append(f"{key}:  {value}{error}  # comment")
    lines += ["NOBS: 3", f"VARLIST: {' '.join(ROWS)}"]
    lines += [f"OBS: {' '.join(map(str, row))}" for row in zip(*ROWS.values())]
    (folder / "722.DAT").write_text("\n".join([*lines, "END:"]))
    return folder / "722.DAT"


def as_fits(folder):
    primary = fits.PrimaryHDU()
    primary.header["SURVEY"] = "DES"
    kinds = {"SNTYPE": "J", "SNID": "8A"}
    head = [fits.Column(k, kinds.get(k, "D"), array=[v]) for k, v in HEADER.items()]
    head += [fits.Column("NOBS", "J", array=[3])]
    kinds = {"MJD": "D", "FLT": "2A", "PHOTFLAG": "J"}
    phot = [fits.Column(k, kinds.get(k, "E"), array=v) for k, v in ROWS.items()]
    for name, columns in (("HEAD", head), ("PHOT", phot)):
        hdus = fits.HDUList([primary, fits.BinTableHDU.from_columns(columns)])
        hdus.writeto(folder / f"A_{name}.FITS")
    return folder


def assert_same(X, Y):
    statics = [name for name in X.columns if name != "lightcurve"]
    assert list(X.columns) == list(Y.columns)
    pd.testing.assert_frame_equal(pd.DataFrame(X[statics]), pd.DataFrame(Y[statics]))
    (i, rows), (j, others) = flatten(X["lightcurve"]), flatten(Y["lightcurve"])
    assert i.tolist() == j.tolist() and list(rows) == list(others)
    for name, values in rows.items():
        np.testing.assert_array_equal(np.asarray(values), np.asarray(others[name]), name)
        assert name == "band" or values.dtype == others[name].dtype, name


@pytest.mark.parametrize("options", [{}, {"survey": "LSST"}, {"columns": ["HOSTGAL_LOGMASS"]}])
def test_text_and_fits_of_one_object(tmp_path, options):
    X, Y = read_snana_text(as_text(tmp_path), **options), read_snana(as_fits(tmp_path), **options)
    assert_same(X, Y)
    known = X[["redshift", "redshift_err", "mwebv", "peak_time", "trigger_time"]]
    assert known.iloc[0].tolist() == [0.0859375, 0.0009765625, 0.125, 56250.75, 56001.5]
    assert X[["ra", "dec", "type"]].iloc[0].tolist() == [36.75, -9.0, 22]
    assert X["lightcurve.detected"].tolist() == [True, False, True]


def every_reader(folder):
    X, y = make_light_curves(5, classes=["SNIa"], survey="LSST", random_state=0)
    (folder / "fits").mkdir()
    (folder / "text").mkdir()
    write_snana(X, folder / "fits" / "A")
    table = pd.DataFrame(
        {"SNID": ["a"], "MJD": [1.0], "BAND": ["g"], "FLUXCAL": [9.0], "FLUXCALERR": [1.0]}
    )
    passbands = table.rename(columns={"SNID": "object_id", "BAND": "passband"})
    source = {
        "jd": 2460000.5,
        "fid": 1,
        "magpsf": 20.0,
        "sigmapsf": 0.1,
        "isdiffpos": "t",
        "diffmaglim": 20.5,
        "ra": 10.0,
        "dec": -5.0,
    }
    packet = {"candid": 7, "objectId": "Z", "candidate": source, "prv_candidates": []}
    return {
        "make_light_curves": X,
        "read_snana": read_snana(folder / "fits"),
        "read_snana, survey": read_snana(folder / "fits", survey="LSST"),
        "read_snana_text": read_snana_text(as_text(folder / "text")),
        "read_observations": read_observations(table),
        "read_observations, survey": read_observations(table, survey="LSST"),
        "read_plasticc": read_plasticc(
            passbands.assign(passband=1), pd.DataFrame({"object_id": ["a"]})
        )[0],
        "read_alerts": read_alerts(pd.DataFrame([packet])).X,
        "read_parquet": read_parquet(write_parquet(X, folder / "x.parquet")),
    }


def test_every_reader_returns_the_standard_columns_in_one_order(tmp_path):
    for name, X in every_reader(tmp_path).items():
        found = [column for column in X.columns if column in STANDARD_COLUMNS]
        assert found == list(STANDARD_COLUMNS), name
        assert all(X[column].dtype == np.float64 for column in STANDARD_COLUMNS), name
        assert X.columns[-1] == "lightcurve" and X.index.name in ("object_id", "alert_id"), name
        fields = list(X["lightcurve"].dtype.column_dtypes)
        assert fields == [field for field in STANDARD_FIELDS if field in fields], name
        assert fields[:4] == list(STANDARD_FIELDS[:4]), name


def test_unknown_is_nan(tmp_path):
    table = pd.DataFrame({"id": ["a"], "mjd": [1.0], "band": ["g"], "flux": [9.0], "fluxerr": 1.0})
    assert read_observations(table)[list(STANDARD_COLUMNS)].isna().all(axis=None)
