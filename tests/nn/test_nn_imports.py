"""Importing the torch modules loads nothing that they do not use."""

import subprocess
import sys


def test_no_heavy_package_is_imported():
    code = "import sys, torch; before = set(sys.modules); import skastro.nn; "
    code += "print(*set(sys.modules) - before)"
    run = [sys.executable, "-c", code]
    loaded = set(subprocess.run(run, capture_output=True, text=True, check=True).stdout.split())
    unused = {"numba", "george", "matplotlib", "optuna", "sklearn", "skorch", "nested_pandas"}
    assert not unused & loaded
