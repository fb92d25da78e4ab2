"""The options `duplicates` and `errors` of every reader of several files."""

import numpy as np
import pandas as pd
import pytest

from skastro.datasets import make_light_curves
from skastro.exceptions import FormatError, ObjectError, ObjectWarning
from skastro.io import (
    convert,
    read_parquet,
    read_plasticc,
    read_snana,
    read_snana_text,
    write_parquet,
    write_snana,
)

TEXT = "SNID: {}\nMWEBV: {}\nVARLIST: MJD FLT FLUXCAL FLUXCALERR\nOBS: 1 g 1 1\n"


def snana(folder, names):
    X, _ = make_light_curves(2, classes=["SNIa"], random_state=0)
    for i, own in enumerate(names):
        write_snana(X.set_axis(own).assign(mwebv=[i / 8, i / 8 + 0.5]), folder / f"{'ABC'[i]}")
    return folder, "A_HEAD.FITS", "B_HEAD.FITS"


def text(folder, names):
    files = []
    for i, (name, mwebv) in enumerate(
        (name, i / 8 + j / 2) for i, own in enumerate(names) for j, name in enumerate(own)
    ):
        files.append(folder / f"{i}.DAT")
        files[-1].write_text(TEXT.format(name, mwebv))
    return files, "0.DAT", "2.DAT"


def parquet(folder, names):
    for i, own in enumerate(names):
        X = pd.DataFrame({"mwebv": [i / 8, i / 8 + 0.5]}, index=pd.Index(own, name="object_id"))
        write_parquet(X, folder / f"{'ABC'[i]}.parquet")
    return folder, "A.parquet", "B.parquet"


def converted(folder, **options):
    target = folder / "new" if isinstance(folder, type(folder / "x")) else folder
    return read_parquet(convert(folder, target, progress=False, **options))


READERS = {
    "read_snana": (snana, read_snana),
    "read_snana_text": (text, read_snana_text),
    "read_parquet": (parquet, read_parquet),
    "convert": (snana, converted),
}


@pytest.fixture(params=READERS)
def reader(request):
    return READERS[request.param]


class TestDuplicates:
    NAMES = (["a", "b"], ["a", "c"])

    def test_error_names_object_files_and_option(self, tmp_path, reader):
        make, read = reader
        source, first, second = make(tmp_path, self.NAMES)
        with pytest.raises(ObjectError, match="duplicates='number'") as caught:
            read(source)
        told = str(caught.value)
        assert "'a'" in told and caught.value.ids == ["a"]
        for name in (first, second):
            assert name.split("_")[0].split(".")[0] in told

    def test_numbered(self, tmp_path, reader):
        make, read = reader
        X = read(make(tmp_path, self.NAMES)[0], duplicates="number")
        assert X["mwebv"].to_dict() == {"a": 0.0, "b": 0.5, "a_2": 0.125, "c": 0.625}

    def test_first(self, tmp_path, reader):
        make, read = reader
        X = read(make(tmp_path, self.NAMES)[0], duplicates="first")
        assert X["mwebv"].to_dict() == {"a": 0.0, "b": 0.5, "c": 0.625}

    def test_unknown_choice(self, tmp_path, reader):
        make, read = reader
        with pytest.raises(ValueError, match="duplicates='last' is not one of 'raise', 'number'"):
            read(make(tmp_path, self.NAMES)[0], duplicates="last")

    def test_two_objects_of_one_file(self, tmp_path):
        X, _ = make_light_curves(3, classes=["SNIa"], random_state=0)
        head, _ = write_snana(X.set_axis(["a", "b", "c"]), tmp_path / "A")
        content = head.read_bytes()
        place = content.rindex(b"b\0\0\0") if b"b\0\0\0" in content else content.index(b"b", 5760)
        head.write_bytes(content[:place] + b"a" + content[place + 1 :])
        strip_checksum(head)
        with pytest.raises(ObjectError, match="A_HEAD.FITS"):
            read_snana(head)
        assert read_snana(head, duplicates="number").index.tolist() == ["a", "a_2", "c"]

    def test_numbers_as_index_are_not_identifiers(self, tmp_path):
        for name in "ab":
            write_parquet(pd.DataFrame({"z": [0.1, 0.2]}), tmp_path / f"{name}.parquet")
        assert read_parquet(tmp_path).index.tolist() == [0, 1, 0, 1]


def strip_checksum(path):
    content = path.read_bytes()
    for key in (b"DATASUM ", b"CHECKSUM"):
        content = content.replace(key, b"COMMENT ")
    path.write_bytes(content)


class TestErrors:
    NAMES = (["a", "b"], ["c", "d"])

    def broken(self, tmp_path, make):
        source, first, _ = make(tmp_path, self.NAMES)
        path = next(tmp_path.glob(first))
        path.write_bytes(path.read_bytes()[:30])
        return source, path

    def test_error_names_file_and_option(self, tmp_path, reader):
        make, read = reader
        source, path = self.broken(tmp_path, make)
        with pytest.raises((FormatError, RuntimeError), match="errors='skip'") as caught:
            read(source)
        assert str(path) in str(caught.value) and "1 of " in str(caught.value)

    def test_skipped_with_one_warning(self, tmp_path, reader):
        make, read = reader
        source, path = self.broken(tmp_path, make)
        with pytest.warns(ObjectWarning, match="left out") as caught:
            X = read(source, errors="skip")
        assert X.index[-2:].tolist() == ["c", "d"]
        told = [str(w.message) for w in caught if issubclass(w.category, ObjectWarning)]
        assert len(told) == 1 and str(path) in told[0]

    def test_skipped_files_are_an_attribute(self, tmp_path):
        source, path = self.broken(tmp_path, snana)
        with pytest.warns(ObjectWarning):
            assert read_snana(source, errors="skip").attrs == {"skipped_files": [str(path)]}
        assert read_snana(tmp_path / "B_HEAD.FITS").attrs == {}
        whole = read_snana(tmp_path / "B_HEAD.FITS", errors="skip")
        assert whole.attrs == {"skipped_files": []}

    def test_nothing_left(self, tmp_path, reader):
        make, read = reader
        source, _ = self.broken(tmp_path, make)
        for path in tmp_path.iterdir():
            path.write_bytes(b"broken")
        with pytest.raises((FormatError, RuntimeError), match=r"([24]) of \1 files"):
            read(source, errors="skip")

    def test_head_without_phot(self, tmp_path):
        source, _, _ = snana(tmp_path, self.NAMES)
        (tmp_path / "A_PHOT.FITS").unlink()
        with pytest.raises(FileNotFoundError, match="A_PHOT.FITS.*errors='skip'"):
            read_snana(source)
        with pytest.warns(ObjectWarning, match="A_PHOT.FITS"):
            assert read_snana(source, errors="skip").index.tolist() == ["c", "d"]

    def test_unknown_choice(self, tmp_path, reader):
        make, read = reader
        with pytest.raises(ValueError, match="errors='ignore' is not one of 'raise', 'skip'"):
            read(make(tmp_path, self.NAMES)[0], errors="ignore")


class TestPlasticc:
    META = pd.DataFrame({"object_id": ["7", "8", "7"], "hostgal_photoz": [0.5, 0.25, 0.125]})
    ROWS = "object_id,mjd,passband,flux,flux_err,detected\n{},1,2,9,1,1\n"

    def test_duplicates_of_the_metadata(self, tmp_path):
        (tmp_path / "a.csv").write_text(self.ROWS.format(7))
        with pytest.raises(ObjectError, match="duplicates='first'.*'7'"):
            read_plasticc(tmp_path / "a.csv", self.META)
        X, _ = read_plasticc(tmp_path / "a.csv", self.META, duplicates="first")
        np.testing.assert_array_equal(X["redshift"], [0.5, 0.25])
        with pytest.raises(ValueError, match="duplicates='number' is impossible"):
            read_plasticc(tmp_path / "a.csv", self.META, duplicates="number")

    def test_bad_table_is_skipped(self, tmp_path):
        (tmp_path / "a.csv").write_text(self.ROWS.format(7))
        (tmp_path / "b.csv").write_text("")
        files = [tmp_path / "a.csv", tmp_path / "b.csv"]
        with pytest.raises(FormatError, match="b.csv: empty.*errors='skip'"):
            read_plasticc(files, self.META[:2])
        with pytest.warns(ObjectWarning, match="b.csv: empty"):
            X, _ = read_plasticc(files, self.META[:2], errors="skip")
        assert X.attrs["skipped_files"] == [str(tmp_path / "b.csv")]
        assert len(X["lightcurve.flux"]) == 1
