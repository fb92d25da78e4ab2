"""Predictions of small fitted models stay what they were; every intended difference has a reason.

``python tests/test_golden.py`` writes the predictions that are missing in tests/data/golden.npz;
``python tests/test_golden.py NAME ...`` writes those of the models named anew, which is right only
together with an entry in `CHANGED`.
"""

import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from golden_models import MODELS

PATH = Path(__file__).parent / "data" / "golden.npz"
N_ROWS = 12

# Trainings repeat to the last bit on one kind of CPU; other instruction sets round differently.
TOLERANCE = 1e-6
TOLERANCE_ELSEWHERE = 1e-3

_OWN_MASKS = (
    "dropout masks belong to the object and to a seed drawn in fit, not to its place in the batch"
)
_STAMPS = "the simulated stamps have variable stars, moving objects and two more kinds of artefacts"
_KERNEL = (
    "spectra are divided by a Gaussian continuum, H alpha is an input of its own, and a kernel "
    "machine, with static inputs of their own weight, has three quarters of the vote"
)
CHANGED = {
    "stamp_simple": _STAMPS,
    "real_bogus": _STAMPS,
    "two_stage_real_bogus": _STAMPS,
    "multimodal_samples": _OWN_MASKS,
    "ccsnscore": _KERNEL,
    "ccsnscore_scores": _KERNEL,
    "scone": (
        "images are divided by the largest absolute mean or the noise, not by a tiny maximum; "
        "their kernel is separable"
    ),
    "scone_features": (
        "detections are those of the survey, images are divided and made as for scone, and their "
        "pixels are ordered wavelength, time, channel"
    ),
}
"""Model -> why its predictions differ from those of the code before version 0.2."""


def cpu_kind():
    return f"{torch.__version__} {torch.backends.cpu.get_cpu_capability()}"


def predictions(name):
    """First rows of the predictions of a model, trained with one thread."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return np.asarray(MODELS[name]())[:N_ROWS]
    finally:
        torch.set_num_threads(threads)


@pytest.mark.parametrize("name", MODELS)
def test_predictions_are_those_of_the_stored_ones(name):
    with np.load(PATH) as stored:
        expected, kind = stored[name], str(stored["cpu_kind"])
    tolerance = TOLERANCE if kind == cpu_kind() else TOLERANCE_ELSEWHERE
    np.testing.assert_allclose(predictions(name), expected, rtol=tolerance, atol=tolerance)


def test_stored_predictions_belong_to_models():
    with np.load(PATH) as stored:
        assert set(stored) - {"cpu_kind"} == set(MODELS)
    assert set(CHANGED) <= set(MODELS)
    assert all(len(reason.split()) > 5 for reason in CHANGED.values())


def write(names):
    known = dict(np.load(PATH)) if PATH.exists() else {}
    anew = {name: predictions(name) for name in MODELS if name in names or name not in known}
    kept = {name: known[name] for name in MODELS if name in known}
    np.savez_compressed(PATH, **(kept | anew), cpu_kind=cpu_kind())


if __name__ == "__main__":
    write(sys.argv[1:])
