"""Search spaces of the recipes for :class:`skastro.model_selection.OptunaSearchCV`.

Parameters are those of the Pipelines of ``make_<system>``.  A space of the size "small" has the few
that matter most; "wide" adds others for a longer search; "original" is the range in which the
original code was tuned, if it was.

.. list-table::
   :header-rows: 1

   * - system
     - "small"
     - "wide", in addition
     - "original"
   * - scone
     - learning rate, batch size
     - epochs, schedule, class weights
     -
   * - oracle
     - learning rate, dropped observations
     - batch size, epochs, partial light curves per object, schedule, class weights
     -
   * - transformer
     - learning rate, dropped observations
     - batch size, epochs, partial light curves per object, schedule, class weights, size and
       number of layers
     - layers 6 to 10, feed-forward size 64 or 512, size 64 or 512, heads 4 or 8, dropout
   * - ccsnscore
     - learning rate and epochs of the network, regularisation of the kernel machine
     - batch size, schedule, class weights of the network
     - learning rate 0.001 or 0.01, units 4 to 24, dropout 0.1 to 0.9 of the network
   * - realbogus
     - learning rate, weight of the virtual-adversarial loss
     - batch size, epochs, schedule, epsilon of the virtual-adversarial loss
     -
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import optuna
from optuna.distributions import (
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)

from skastro.nn import FusionNet, TransformerNet
from skastro.recipes.transformer import suggest_transformer

Space = dict[str, Any] | Callable[[optuna.Trial], dict[str, Any]]
SYSTEMS = ("scone", "oracle", "transformer", "ccsnscore", "realbogus")
"""Systems with a search space."""

SIZES = ("small", "wide", "original")
"""Sizes of the search spaces."""


def search_space(system: str, size: str = "small", *, step: str = "classifier") -> Space:
    """Return the search space of a recipe.

    Parameters
    ----------
    system : {"scone", "oracle", "transformer", "ccsnscore", "realbogus"}
        The recipe ``make_<system>``.

    size : {"small", "wide", "original"}, default="small"
        How many parameters, see :mod:`skastro.recipes.search_spaces`.  Those of "ccsnscore" are
        the parameters of the members that vote with its default `kernel_weight`.

    step : str, default="classifier"
        Step of the Pipeline with the network; "" for ``make_<system>_classifier`` alone.  The
        space of "realbogus" requires a network with a `loss`, which ``make_realbogus`` has.

    Returns
    -------
    space : dict of str -> distribution, or callable
        For `param_distributions` of :class:`skastro.model_selection.OptunaSearchCV`.  The
        "original" ones are functions of the trial.

    Raises
    ------
    ValueError
        A system or size without a search space.

    See Also
    --------
    skastro.model_selection.OptunaSearchCV : The search.

    Examples
    --------
    >>> from skastro.recipes.search_spaces import search_space
    >>> sorted(search_space("oracle"))
    ['classifier__lr', 'classifier__observation_dropout']
    >>> sorted(search_space("scone", step=""))
    ['batch_size', 'lr']
    """
    if system not in SYSTEMS or size not in SIZES:
        raise ValueError(
            f"search_space: no space for {system!r}, {size!r}; systems are {', '.join(SYSTEMS)}, "
            f"sizes {', '.join(SIZES)}"
        )
    prefix = f"{step}__" if step else ""
    if system == "ccsnscore":
        prefix += "estimator__"
    if size == "original":
        return _original(system, prefix)
    space = _SMALL[system] | (_WIDE[system] if size == "wide" else {})
    return {prefix + name: distribution for name, distribution in space.items()}


def _original(system: str, prefix: str) -> Space:
    if system == "transformer":
        return partial(_original_transformer, prefix)
    if system == "ccsnscore":
        return partial(_original_ccsnscore, f"{prefix}network__")
    raise ValueError(f"search_space: the original code of {system!r} was not tuned")


def _original_transformer(prefix: str, trial: optuna.Trial) -> dict[str, Any]:
    return {f"{prefix}module": partial(TransformerNet, **suggest_transformer(trial))}


def _original_ccsnscore(prefix: str, trial: optuna.Trial) -> dict[str, Any]:
    units, dropout = trial.suggest_int("units", 4, 24), trial.suggest_float("dropout", 0.1, 0.9)
    return {
        f"{prefix}lr": trial.suggest_categorical("lr", (1e-3, 1e-2)),
        f"{prefix}module": partial(FusionNet, hidden_sizes=(units,), dropout=dropout),
    }


def _log(low: float, high: float) -> FloatDistribution:
    return FloatDistribution(low, high, log=True)


_BATCH = CategoricalDistribution((16, 32, 64, 128))
_SCHEDULE = CategoricalDistribution(("one_cycle", "cosine", "constant"))
_CLASS_WEIGHT = CategoricalDistribution((None, "balanced"))
_LIGHT_CURVES: dict[str, Any] = {
    "batch_size": _BATCH,
    "max_epochs": IntDistribution(10, 60),
    "n_prefixes": IntDistribution(1, 12),
    "schedule": _SCHEDULE,
    "class_weight": _CLASS_WEIGHT,
}
_SMALL: dict[str, dict[str, Any]] = {
    "scone": {"lr": _log(1e-4, 1e-2), "batch_size": _BATCH},
    "oracle": {"lr": _log(5e-4, 2e-2), "observation_dropout": FloatDistribution(0.0, 0.6)},
    "transformer": {"lr": _log(5e-4, 2e-2), "observation_dropout": FloatDistribution(0.0, 0.6)},
    "ccsnscore": {
        "network__lr": _log(2e-4, 1e-2),
        "network__max_epochs": IntDistribution(5, 40),
        "kernel__C": _log(2.0, 200.0),
    },
    "realbogus": {"lr": _log(1e-4, 1e-2), "criterion__vat": FloatDistribution(0.0, 2.0)},
}
_WIDE: dict[str, dict[str, Any]] = {
    "scone": {
        "max_epochs": IntDistribution(20, 200),
        "schedule": _SCHEDULE,
        "class_weight": _CLASS_WEIGHT,
    },
    "oracle": _LIGHT_CURVES,
    "transformer": _LIGHT_CURVES
    | {
        "module": [
            partial(TransformerNet, size=size, num_layers=n)
            for size in (32, 64, 128)
            for n in (1, 2, 4)
        ]
    },
    "ccsnscore": {
        "network__batch_size": _BATCH,
        "network__schedule": _SCHEDULE,
        "network__class_weight": _CLASS_WEIGHT,
    },
    "realbogus": {
        "batch_size": _BATCH,
        "max_epochs": IntDistribution(10, 60),
        "schedule": _SCHEDULE,
        "criterion__epsilon": _log(0.1, 10.0),
    },
}
