"""Run the command in the process of the tests, and make data and a fitted model for it."""

import pytest

from skastro.cli import main

SMALL = "--n-times 16 --n-wavelengths 4 --max-epochs 2 --engine numpy --random-state 0"


def run(*words, code=0):
    """Run the command in this process; the exit code must be the given one."""
    with pytest.raises(SystemExit) as stop:
        main(["-q", *(str(word) for word in words)])
    assert stop.value.code == code


def fill(folder):
    """Simulate objects with labels, as SNANA FITS and as Parquet, and fit a SCONE to them."""
    classes = ["--classes", "[SNIa, SNII]"]
    run("simulate", folder / "train.parquet", "-n", 60, *classes, "--random-state", 0)
    run("simulate", folder / "test", "-n", 30, *classes, "--random-state", 1)
    run("fit", "scone", folder / "train.parquet", *SMALL.split(), "-o", folder / "scone.st")
    return folder
