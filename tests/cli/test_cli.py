"""The command does what the function does."""

import shutil
import subprocess
import sys

import pandas as pd
import pytest

from skastro.cli import main
from skastro.datasets import make_light_curves
from skastro.exceptions import ObjectWarning
from skastro.io import convert, write_snana


@pytest.fixture
def survey(tmp_path):
    X, _ = make_light_curves(12, random_state=0)
    for model, part in {"KN": X[:5], "TDE": X[5:]}.items():
        (tmp_path / "survey" / model).mkdir(parents=True)
        write_snana(part, tmp_path / "survey" / model / f"{model}-0001")
    return tmp_path / "survey"


def test_same_files_as_the_function(survey, tmp_path):
    main(["convert", str(survey), str(tmp_path / "a"), "--label", "folder", "--quiet"])
    convert(survey, tmp_path / "b", label="folder", progress=False)
    names = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*.parquet"))
    assert len(names) == 2
    for name in names:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    types = pd.concat([pd.read_parquet(tmp_path / "a" / name)["type"] for name in names])
    assert types.value_counts().to_dict() == {"KN": 5, "TDE": 7}


def test_a_wrong_call_ends_with_words_and_no_traceback(tmp_path):
    with pytest.raises(SystemExit, match="skastro: "):
        main(["convert", str(tmp_path), str(tmp_path / "a"), "--quiet"])
    with pytest.raises(SystemExit):
        main(["translate"])


@pytest.mark.parametrize(
    "extra, cause",
    [
        (["--survey", "NOPE"], "unknown survey 'NOPE'"),
        (["--label", "(a)(b"], "is not a regular expression"),
        (["--label", "KN"], "one group"),
        ([], "KN-0001_HEAD.FITS"),
    ],
)
def test_every_error_is_one_of_words(survey, tmp_path, extra, cause):
    head = survey / "KN" / "KN-0001_HEAD.FITS"
    head.write_bytes(head.read_bytes()[:100])
    with pytest.raises(SystemExit) as caught:
        main(["convert", str(survey), str(tmp_path / "a"), "--quiet", *extra])
    assert str(caught.value).startswith("skastro: ") and cause in str(caught.value)


def test_duplicates_and_errors(survey, tmp_path):
    shutil.copytree(survey / "KN", survey / "AGAIN")
    (survey / "TDE" / "TDE-0001_PHOT.FITS").unlink()
    options = ["--duplicates", "number", "--errors", "skip", "--quiet"]
    with pytest.warns(ObjectWarning, match="1 of 3 files are left out"):
        main(["convert", str(survey), str(tmp_path / "a"), *options])
    index = pd.concat([pd.read_parquet(p) for p in (tmp_path / "a").rglob("*.parquet")]).index
    assert len(index) == 10 and index.is_unique
    shutil.rmtree(survey / "TDE")
    with pytest.raises(SystemExit, match="duplicates='number'"):
        main(["convert", str(survey), str(tmp_path / "b"), "--quiet"])


def test_the_installed_command(survey, tmp_path):
    command = shutil.which("skastro", path=str(shutil.os.path.dirname(sys.executable)))
    call = [command] if command else [sys.executable, "-m", "skastro.cli"]
    done = subprocess.run([*call, "convert", "--help"], capture_output=True, text=True, check=True)
    assert "destination" in done.stdout
