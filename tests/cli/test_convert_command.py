"""skastro convert writes what the function writes; every error is one line."""

import shutil

import pandas as pd
import pytest
from command import run

from skastro.cli import main
from skastro.datasets import make_light_curves
from skastro.io import convert, write_snana


@pytest.fixture
def survey(tmp_path):
    """Two models of 5 and 7 objects in two folders of SNANA files."""
    X, _ = make_light_curves(12, random_state=0)
    for model, part in {"KN": X[:5], "TDE": X[5:]}.items():
        (tmp_path / "survey" / model).mkdir(parents=True)
        write_snana(part, tmp_path / "survey" / model / f"{model}-0001")
    return tmp_path / "survey"


def test_convert_writes_the_same_files_as_the_function(survey, tmp_path):
    run("convert", survey, tmp_path / "a", "--label", "folder")
    convert(survey, tmp_path / "b", label="folder", progress=False)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.parquet"))
    assert len(names) == 2
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    types = pd.concat([pd.read_parquet(tmp_path / "a" / name)["type"] for name in names])
    assert types.value_counts().to_dict() == {"KN": 5, "TDE": 7}
    run("convert", tmp_path / "a", tmp_path / "c", code=1)


@pytest.mark.parametrize(
    ("words", "cause"),
    [
        (["--survey", "NOPE"], "unknown survey 'NOPE'"),
        (["--label", "(a)(b"], "is not a regular expression"),
        (["--label", "KN"], "one group"),
        ([], "KN-0001_HEAD.FITS"),
    ],
)
def test_every_error_of_convert_is_one_line(survey, tmp_path, words, cause, capsys):
    head = survey / "KN" / "KN-0001_HEAD.FITS"
    head.write_bytes(head.read_bytes()[:100])
    run("convert", survey, tmp_path / "a", *words, code=1)
    found = capsys.readouterr().err
    assert found.startswith("skastro: ") and cause in found and "Traceback" not in found


def test_duplicates_and_errors_of_convert(survey, tmp_path, capsys, caplog):
    shutil.copytree(survey / "KN", survey / "AGAIN")
    (survey / "TDE" / "TDE-0001_PHOT.FITS").unlink()
    words = ["convert", survey, tmp_path / "a", "--duplicates", "number", "--errors", "skip"]
    with pytest.raises(SystemExit, match="0"):
        main([str(word) for word in [*words, "--quiet"]])
    assert "1 of 3 files are left out" in caplog.text
    index = pd.concat([pd.read_parquet(p) for p in (tmp_path / "a").rglob("*.parquet")]).index
    assert len(index) == 10 and index.is_unique
    shutil.rmtree(survey / "TDE")
    run("convert", survey, tmp_path / "b", code=1)
    assert "duplicates='number'" in capsys.readouterr().err
