"""Run the command in the process of the tests."""

import pytest

from skastro.cli import main

SMALL = "--n-times 16 --n-wavelengths 4 --max-epochs 2 --engine numpy --random-state 0"


def run(*words, code=0):
    """Run the command in this process; the exit code must be the given one."""
    with pytest.raises(SystemExit) as stop:
        main(["-q", *(str(word) for word in words)])
    assert stop.value.code == code
