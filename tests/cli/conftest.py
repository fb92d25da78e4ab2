"""Data and a fitted model for the tests of the command."""

import pytest
from command import SMALL, run


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Simulated objects with labels, as SNANA FITS and as Parquet, and a fitted SCONE."""
    folder = tmp_path_factory.mktemp("cli")
    run(
        "simulate",
        folder / "train.parquet",
        "-n",
        60,
        "--classes",
        "[SNIa, SNII]",
        "--random-state",
        0,
    )
    run("simulate", folder / "test", "-n", 30, "--classes", "[SNIa, SNII]", "--random-state", 1)
    run("fit", "scone", folder / "train.parquet", *SMALL.split(), "-o", folder / "scone.st")
    return folder
