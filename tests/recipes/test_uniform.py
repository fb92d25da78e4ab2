"""All recipes have the same three functions, with shared parameters of one meaning."""

import inspect
import re

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

import skastro.recipes
from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.exceptions import DataShiftWarning
from skastro.utils.ragged import flatten, nest

SYSTEMS = ["ccsnscore", "oracle", "realbogus", "scone", "transformer"]
TRAINING = ["max_epochs", "n_networks", "class_weight", "random_state", "verbose", "n_jobs"]
PARTS = ["make_{}_features", "make_{}_classifier", "make_{}"]
MAKERS = [part.format(system) for system in SYSTEMS for part in PARTS]
SMALL = {
    "ccsnscore": {"resolution": 32, "n_per_class": 20},
    "oracle": {"detections_only": True},
    "realbogus": {"image_shape": (13, 13, 3), "architecture": "simple", "cv": 2},
    "scone": {"n_times": 8, "n_wavelengths": 4, "days": 30, "balanced": True},
    "transformer": {"static": ()},
}
OWN_DEFAULTS = {
    ("survey", "ccsnscore"): "the original code is for ZTF and SEDM",
    ("survey", "realbogus"): "the original code is for stamps of Tomo-e Gozen",
    ("class_weight", "ccsnscore"): "balances the two sides of each label",
}


def parameters(name):
    return inspect.signature(getattr(skastro.recipes, name)).parameters


def documentation(name):
    """Return the first sentence of each parameter's description."""
    doc = inspect.getdoc(getattr(skastro.recipes, name))
    section = doc.split("Parameters\n----------\n")[1].split("\n\nReturns\n")[0]
    found = re.findall(r"^(\w+) : [^\n]*\n((?:    [^\n]*\n?)+)", section, re.MULTILINE)
    return {key: " ".join(text.split()).split(". ")[0].rstrip(".") for key, text in found}


@pytest.mark.parametrize("system", SYSTEMS)
def test_every_system_has_three_functions_and_a_table_of_published_settings(system):
    assert {part.format(system) for part in PARTS} <= set(skastro.recipes.__all__)
    settings = getattr(skastro.recipes, f"{system.upper()}_PAPER")
    model = getattr(skastro.recipes, f"make_{system}")(**settings)
    assert isinstance(model, Pipeline)


@pytest.mark.parametrize("system", SYSTEMS)
def test_shared_parameters_stand_in_one_order(system):
    features, classifier, whole = (list(parameters(part.format(system))) for part in PARTS)
    assert features[0] == whole[0] == "survey"
    assert classifier[-7:-1] == whole[-7:-1] == TRAINING


@pytest.mark.parametrize("shared", ["survey", *TRAINING])
def test_shared_parameters_have_one_sentence_and_one_default(shared):
    owners = {name: parameters(name) for name in MAKERS if shared in parameters(name)}
    assert len({documentation(name)[shared] for name in owners}) == 1
    own = {f"make_{system}" for key, system in OWN_DEFAULTS if key == shared}
    defaults = {
        repr(values[shared].default)
        for name, values in owners.items()
        if not name.startswith(tuple(own))
    }
    assert len(defaults) == 1


@pytest.fixture(scope="module")
def data():
    stamps, real, _ = make_stamps(80, image_shape=(13, 13, 3), random_state=0)
    curves = make_light_curves(40, classes=["SNIa", "RRL"], random_state=0)
    return {
        "ccsnscore": make_spectra(40, classes=["Ia", "II"], random_state=0),
        "realbogus": (stamps, real),
    } | dict.fromkeys(["oracle", "scone", "transformer"], curves)


@pytest.mark.parametrize("system", SYSTEMS)
@pytest.mark.filterwarnings("ignore::skastro.exceptions.ObjectWarning")
def test_every_system_is_a_pipeline_of_features_and_a_classifier(system, data):
    X, y = data[system]
    make = getattr(skastro.recipes, f"make_{system}")
    model = make(max_epochs=1, n_networks=2, random_state=0, **SMALL[system]).fit(X, y)
    assert model.steps[-1][0] == "classifier"
    proba = model.predict_proba(X)
    np.testing.assert_array_equal(model[-1].predict_proba(model[:-1].transform(X)), proba)
    assert proba.shape == (len(X), 2)


@pytest.mark.parametrize("name", MAKERS)
def test_unknown_options_suggest_the_nearest_one(name):
    make = getattr(skastro.recipes, name)
    if "features" in name:
        with pytest.raises(TypeError, match="unexpected keyword argument 'surveys'"):
            make(surveys="LSST")
        return
    with pytest.raises(TypeError, match=f"{name}\\(\\) has no option 'epochs'; did you mean "):
        make(epochs=3)
    with pytest.raises(TypeError, match="has no option 'qqqqqqq'; it has .*random_state"):
        make(qqqqqqq=3)


def test_options_of_inner_steps_and_networks_are_suggested():
    with pytest.raises(TypeError, match="did you mean 'with_redshift'"):
        skastro.recipes.make_scone(with_redshifts=True)
    with pytest.raises(TypeError, match="did you mean 'batch_size'"):
        skastro.recipes.make_oracle(batchsize=3)


@pytest.mark.parametrize("system", ["oracle", "scone", "transformer"])
def test_one_warning_sums_up_what_lies_outside_the_training_set(system, data):
    X, y = data[system]
    make = getattr(skastro.recipes, f"make_{system}")
    model = make(max_epochs=1, random_state=0, **SMALL[system]).fit(X, y)
    offsets, rows = flatten(X["lightcurve"])
    bright = {**rows, "flux": rows["flux"] * 1e3, "flux_err": rows["flux_err"] * 1e3}
    with pytest.warns(DataShiftWarning, match="median flux error") as caught:
        model.predict_proba(X.assign(lightcurve=nest(offsets, bright, X.index)))
    assert sum(issubclass(one.category, DataShiftWarning) for one in caught) == 1


@pytest.mark.parametrize("system", SYSTEMS)
def test_repr_is_short(system):
    model = getattr(skastro.recipes, f"make_{system}")()
    assert "array(" not in repr(model)
    assert len("".join(repr(model).split())) < 1200
