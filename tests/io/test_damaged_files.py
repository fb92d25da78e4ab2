"""Damaged files: each is read with its right values, or refused by a FormatError with its name."""

import gzip
import warnings

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from skastro.datasets import make_light_curves
from skastro.exceptions import FormatError
from skastro.io import (
    read_fitres,
    read_observations,
    read_parquet,
    read_plasticc,
    read_readme,
    read_redshift_table,
    read_snana,
    read_snana_text,
    write_parquet,
    write_snana,
)
from skastro.utils.ragged import flatten

N_MUTATIONS = 60
TEXT = (
    "SURVEY: DES\nSNID: 7\nRA: 36.75 deg\nMWEBV: 0.0283 MW\nREDSHIFT_FINAL: 0.5 +- 0.005 (CMB)\n"
    "SNTYPE: 22\nNOBS: 3\nVARLIST: MJD FLT FLUXCAL FLUXCALERR PHOTFLAG\n"
    "OBS: 56001.5 g 7.5 4.5 0\nOBS: 56002.5 r 3.9 2.75 4096\nOBS: 56003.5 i 1.5 2 0\nEND:\n"
)
CSV = "SNID,MJD,BAND,FLUXCAL,FLUXCALERR,PHOTFLAG,detected\n" + "".join(
    f"SN{i},{59000 + i}.5,{'gri'[i % 3]},{i}.25,1.5,4096,True\n" for i in range(12)
)
FITRES = "VARNAMES: CID zHD zHDERR FIELD\n" + "".join(f"SN: S{i} 0.{i}5 0.01 X\n" for i in range(9))
README = "GENTYPE_TO_NAME: # x\n  1: Ia SALT3 A\n  21: nonIa SNIIn B\nFILTERS:\n  g: 4827.7\n"
META = "object_id,ra,decl,hostgal_photoz,hostgal_photoz_err,mwebv,target\n7,1,2,0.5,0.1,0.02,90\n"
ROWS = "object_id,mjd,passband,flux,flux_err,detected\n7,1.5,2,9,1,1\n7,2.5,3,8,1,0\n"


def frame():
    X, y = make_light_curves(6, classes=["SNIa", "SNII"], random_state=0)
    return X.assign(type=y)


def write_text(folder, name, text):
    path = folder / name
    path.write_text(text)
    return path


def make_fits(folder, compress):
    return write_snana(frame(), folder / "A", survey="LSST", compress=compress)


# Each entry makes a file, reads it, and says whether a checksum proves every byte of its data.
KINDS = {
    "HEAD": (lambda d: make_fits(d, False)[0], read_snana, True),
    "PHOT": (
        lambda d: make_fits(d, False)[1],
        lambda p: read_snana(p.parent / "A_HEAD.FITS"),
        True,
    ),
    "HEAD.gz": (lambda d: make_fits(d, True)[0], read_snana, True),
    "PHOT.gz": (
        lambda d: make_fits(d, True)[1],
        lambda p: read_snana(p.parent / "A_HEAD.FITS.gz"),
        True,
    ),
    "parquet": (
        lambda d: write_parquet(frame(), d / "x.parquet", chunk_size=4),
        read_parquet,
        True,
    ),
    "text": (lambda d: write_text(d, "7.DAT", TEXT), read_snana_text, False),
    "csv": (lambda d: write_text(d, "o.csv", CSV), read_observations, False),
    "fitres": (lambda d: write_text(d, "x.FITRES", FITRES), read_fitres, False),
    "readme": (lambda d: write_text(d, "x.README", README), read_readme, False),
    "redshifts": (lambda d: write_text(d, "x.FITRES", FITRES), read_redshift_table, False),
    "plasticc": (
        lambda d: write_text(d, "r.csv", ROWS),
        lambda p: read_plasticc(p, pd.DataFrame({"object_id": ["7"], "target": [90]}))[0],
        False,
    ),
    "metadata": (
        lambda d: write_text(d, "m.csv", META),
        lambda p: read_plasticc(pd.read_csv(p.parent / "r.csv"), p)[0],
        False,
    ),
}


def mutations(content, rng):
    """Yield the content with a flipped bit, bytes replaced, left out, doubled, or cut off."""
    for _ in range(N_MUTATIONS // 6):
        at = int(rng.integers(len(content)))
        n = int(rng.integers(1, 40))
        flipped = bytes([content[at] ^ (1 << int(rng.integers(8)))])
        yield content[:at] + flipped + content[at + 1 :]
        yield content[:at] + rng.bytes(n) + content[at + n :]
        yield content[:at] + content[at + n :]
        yield content[:at] + content[at : at + n] + content[at:]
        yield content[:at]
        yield content[:at] + b"\0" * n + content[at + n :]
    yield b""


def values(X):
    """Return everything in a frame as plain lists."""
    if not isinstance(X, pd.DataFrame):
        return repr(X)
    found = {str(c): X[c].astype(str).tolist() for c in X.columns if c != "lightcurve"}
    if "lightcurve" in X.columns:
        offsets, rows = flatten(X["lightcurve"])
        found |= {name: np.asarray(v).astype(str).tolist() for name, v in rows.items()}
        found["offsets"] = offsets.tolist()
    return found | {"index": [str(name) for name in X.index]}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("kind", KINDS)
def test_right_values_or_an_error_with_the_name(tmp_path, kind):
    make, read, is_proven = KINDS[kind]
    write_text(tmp_path, "r.csv", ROWS)
    path = make(tmp_path)
    content, right = path.read_bytes(), values(read(path))
    rng = np.random.default_rng(sum(map(ord, kind)))
    n_refused = 0
    for changed in mutations(content, rng):
        path.write_bytes(changed)
        try:
            found = values(read(path))
        except (FormatError, FileNotFoundError) as error:
            assert path.name.split(".")[0].rsplit("_")[0] in str(error), error
            n_refused += 1
        except ValueError as error:
            # Identifiers that a mutation made equal, or an object of another table.
            assert type(error).__name__ == "ObjectError", error
            n_refused += 1
        else:
            assert not is_proven or found == right or _is_text_of_header(kind, content, changed)
    assert n_refused > 0 or kind == "readme"


def _is_text_of_header(kind, content, changed):
    """Return whether only cards of a FITS header differ, which have no checksum that we verify."""
    if kind not in ("HEAD", "PHOT") or len(content) != len(changed):
        return False
    differ = np.flatnonzero(np.frombuffer(content, "u1") != np.frombuffer(changed, "u1"))
    return bool((differ < content.index(b"END" + b" " * 77, 2880) + 80).all())


def test_every_single_bit_of_a_small_parquet_file_counts(tmp_path):
    X = frame().iloc[:2, -2:]
    path = write_parquet(X, tmp_path / "x.parquet")
    content, right = path.read_bytes(), values(read_parquet(path))
    for at in range(0, len(content), 7):
        path.write_bytes(content[:at] + bytes([content[at] ^ 4]) + content[at + 1 :])
        try:
            found = values(read_parquet(path))
        except FormatError as error:
            assert "x.parquet" in str(error)
            continue
        # One bit of the footer hides all metadata: then the file is as one of another program,
        # whose index is a column.
        is_ours = pq.read_metadata(path).metadata is not None
        assert (found if is_ours else found["object_id"]) == (right if is_ours else right["index"])


def test_a_bit_of_a_fits_table_counts(tmp_path):
    _, phot = make_fits(tmp_path, False)
    content = bytearray(phot.read_bytes())
    content[len(content) // 2] ^= 1
    phot.write_bytes(bytes(content))
    with pytest.raises(FormatError, match="A_PHOT.FITS: damaged, .* DATASUM"):
        read_snana(tmp_path)


class TestCauses:
    @pytest.mark.parametrize("suffix", ["", ".gz"])
    def test_empty_file(self, tmp_path, suffix):
        make_fits(tmp_path, bool(suffix))
        (tmp_path / f"A_PHOT.FITS{suffix}").write_bytes(b"")
        with pytest.raises(FormatError, match=f"A_PHOT.FITS{suffix}: .*[Ee]mpty"):
            read_snana(tmp_path)

    def test_damaged_gzip(self, tmp_path):
        _, phot = make_fits(tmp_path, True)
        content = bytearray(phot.read_bytes())
        content[60:64] = b"\0\0\0\0"
        phot.write_bytes(bytes(content))
        with pytest.raises(FormatError, match="A_PHOT.FITS.gz: truncated or damaged gzip"):
            read_snana(tmp_path)

    def test_header_that_claims_a_billion_fields(self, tmp_path):
        head, _ = make_fits(tmp_path, False)
        content = head.read_bytes()
        at = content.index(b"TFIELDS ")
        head.write_bytes(content[:at] + b"TFIELDS = 999999999".ljust(80) + content[at + 80 :])
        with pytest.raises(FormatError, match="A_HEAD.FITS: damaged header, TFIELDS = 999999999"):
            read_snana(tmp_path)

    @pytest.mark.parametrize(
        "old, new, cause",
        [
            ("NOBS: 3", "NOBS: abc", "NOBS is 'abc', which is not an integer"),
            ("g 7.5", "g 7o.5", "column FLUXCAL of the OBS lines: .*7o.5"),
            ("0.5 +- 0.005 (CMB)", "0.5 +-", "no error after \\+- of REDSHIFT_FINAL"),
            ("RA: 36.75", "RA: 10:20:30", "RA is '10:20:30', which is not a number"),
            ("PHOTFLAG", "MJD", "VARLIST has MJD twice"),
            ("OBS: 56001.5 g", "OBS: 56001.5", "line 9: OBS with 4 values"),
        ],
    )
    def test_text(self, tmp_path, old, new, cause):
        path = write_text(tmp_path, "7.DAT", TEXT.replace(old, new))
        with pytest.raises(FormatError, match=f"7.DAT.*{cause}"):
            read_snana_text(path)

    def test_parquet_cut_off(self, tmp_path):
        path = write_parquet(frame(), tmp_path / "x.parquet")
        path.write_bytes(path.read_bytes()[:-20])
        for read in (read_parquet, lambda p: read_observations(p)):
            with pytest.raises(FormatError, match="x.parquet"):
                read(path)

    @pytest.mark.parametrize("read", [read_redshift_table, read_observations])
    def test_csv(self, tmp_path, read):
        path = tmp_path / "z.csv"
        for content, cause in ((b"", "empty"), ("SNID,z\né,1\n".encode("latin-1"), "utf-8")):
            path.write_bytes(content)
            with pytest.raises(FormatError, match=f"z.csv: .*{cause}"):
                read(path)

    def test_gzip_without_its_ending(self, tmp_path):
        head, phot = make_fits(tmp_path, False)
        right = values(read_snana(head))
        for path in (head, phot):
            path.write_bytes(gzip.compress(path.read_bytes()))
        assert values(read_snana(head)) == right

    def test_nothing_is_printed_for_a_good_file(self, tmp_path):
        head, _ = make_fits(tmp_path, False)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            read_snana(head)
