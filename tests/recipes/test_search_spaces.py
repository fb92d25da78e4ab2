"""Every recipe can be tuned: its search spaces, Optuna's search and those of scikit-learn."""

import numpy as np
import optuna
import pytest
from optuna.distributions import FloatDistribution
from sklearn.base import clone
from sklearn.experimental import enable_halving_search_cv  # noqa: F401
from sklearn.model_selection import (
    GridSearchCV,
    HalvingGridSearchCV,
    RandomizedSearchCV,
    TunedThresholdClassifierCV,
    cross_validate,
)

from skastro.datasets import make_light_curves, make_spectra, make_stamps
from skastro.model_selection import OptunaSearchCV
from skastro.model_selection._space import Space
from skastro.recipes import (
    make_ccsnscore,
    make_oracle,
    make_realbogus,
    make_scone,
    make_transformer,
)
from skastro.recipes.search_spaces import SYSTEMS, search_space

TRAINING = {"max_epochs": 1, "random_state": 0, "unclassified": "prior"}
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")


def make_model(system):
    """Return a small recipe of one epoch."""
    if system == "scone":
        small = {"n_times": 16, "n_wavelengths": 4, "engine": "numpy"}
        return make_scone(validation=None, **small, **TRAINING)
    if system == "oracle":
        return make_oracle(validation=None, **TRAINING)
    if system == "transformer":
        sizes = {"num_layers": 1, "size": 16, "feedforward_size": 16, "n_heads": 2}
        return make_transformer(validation=None, sizes=sizes, **TRAINING)
    if system == "ccsnscore":
        return make_ccsnscore(resolution=64, ambiguity=None, **TRAINING)
    loss = {"cross_entropy": 1.0, "vat": 0.1}
    return make_realbogus(
        method=None, image_shape=(29, 29, 3), architecture="simple", loss=loss, validation=None,
        **TRAINING,
    )  # fmt: skip


def make_data(system):
    if system == "ccsnscore":
        return make_spectra(36, classes=["Ia", "II"], random_state=0)
    if system == "realbogus":
        X, y, _ = make_stamps(36, random_state=0)
        return X, y
    return make_light_curves(36, classes=["SNIa", "SNII"], random_state=0)


@pytest.fixture(scope="module", params=SYSTEMS)
def system(request):
    return request.param


@pytest.fixture(scope="module")
def data(system):
    return make_data(system)


@pytest.fixture
def model(system):
    return make_model(system)


def learning_rate(system):
    return next(name for name in search_space(system) if name.endswith("lr"))


@pytest.mark.parametrize("size", ["small", "wide"])
def test_every_parameter_of_a_space_exists(system, model, size):
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    space = search_space(system, size)
    for _ in range(5):
        _, params = Space(space, "Search").ask(study)
        changed = clone(model).set_params(**params)
        assert {name: changed.get_params()[name] for name in params} == params
    assert set(search_space(system)) <= set(search_space(system, "wide"))


def test_ranges_of_the_original_codes():
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    trial, params = Space(search_space("transformer", "original"), "Search").ask(study)
    module = params["classifier__module"]
    assert module.keywords["num_layers"] in (6, 8, 10) and module.keywords["size"] in (64, 512)
    study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    _, params = Space(search_space("ccsnscore", "original"), "Search").ask(study)
    module = params["classifier__estimator__network__module"]
    assert params["classifier__estimator__network__lr"] in (1e-3, 1e-2)
    assert 4 <= module.keywords["hidden_sizes"][0] <= 24
    assert 0.1 <= module.keywords["dropout"] <= 0.9
    assert make_ccsnscore().set_params(**params)[-1].estimator.get_params()["network__module"]
    with pytest.raises(ValueError, match="'scone' was not tuned"):
        search_space("scone", "original")
    with pytest.raises(ValueError, match="no space for 'sconce'"):
        search_space("sconce")


def test_optuna_search_stopped_and_resumed(system, model, data, tmp_path):
    options = {"n_trials": 3, "cv": 2, "random_state": 0, "refit": False}
    name = learning_rate(system)
    space = {name: FloatDistribution(1e-4, 1e-2, log=True)}
    whole = OptunaSearchCV(model, space, **options).fit(*data)
    assert np.isfinite(whole.best_score_) and whole.n_front_fits_ == 2
    path = tmp_path / "study.log"
    first = OptunaSearchCV(model, space, storage=path, **options | {"n_trials": 1}).fit(*data)
    assert len(first.cv_results_["params"]) == 1
    resumed = OptunaSearchCV(model, space, storage=path, **options).fit(*data)
    assert resumed.best_params_ == whole.best_params_
    assert resumed.best_score_ == whole.best_score_


@pytest.mark.parametrize("tool", [GridSearchCV, RandomizedSearchCV, HalvingGridSearchCV])
def test_searches_of_scikit_learn(system, model, data, tool):
    options = {"n_iter": 1} if tool is RandomizedSearchCV else {}
    if tool is HalvingGridSearchCV:
        options = {"min_resources": 30, "random_state": 0}
    grid = {learning_rate(system): [1e-3]}
    fitted = tool(model, grid, cv=2, refit=False, error_score="raise", **options).fit(*data)
    assert np.isfinite(fitted.best_score_)


def test_cross_validation(model, data):
    scores = cross_validate(model, *data, cv=2, scoring="neg_log_loss", error_score="raise")
    assert np.isfinite(scores["test_score"]).all()


def test_tuned_threshold(model, data):
    X, y = data
    fitted = TunedThresholdClassifierCV(model, cv=2, refit=True).fit(X, y)
    assert set(fitted.predict(X)) <= set(y)
