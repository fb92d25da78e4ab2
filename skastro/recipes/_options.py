"""Common parts of all recipes: training parameters and the check of keyword arguments."""

import inspect
from collections.abc import Callable
from difflib import get_close_matches
from typing import Any

from sklearn.base import BaseEstimator

from skastro.neural_network import DeepEnsembleClassifier


def split_options(maker: Callable, options: dict, *groups: tuple) -> list[dict]:
    """Distribute keyword arguments to the functions and classes that accept them.

    Parameters
    ----------
    maker : callable
        The recipe that received the options; for the message.

    options : dict
        Keyword arguments that the recipe does not list itself.

    *groups : tuple of callables
        The callables of a group share one dictionary.  An option that several groups accept goes
        to each of them.

    Returns
    -------
    parts : list of dict
        One per group.

    Raises
    ------
    TypeError
        No group accepts an option; the message suggests the nearest known one.

    Examples
    --------
    >>> from skastro.recipes._options import split_options
    >>> def make_pages(title): ...
    >>> split_options(make_pages, {"maxsplit": 1}, (str.split,), (str.strip,))
    [{'maxsplit': 1}, {}]
    >>> split_options(make_pages, {"max_split": 1}, (str.split,))
    Traceback (most recent call last):
    ...
    TypeError: make_pages() has no option 'max_split'; did you mean 'maxsplit'?
    """
    accepted = [{name for accepts in group for name in _names(accepts)} for group in groups]
    known = {*_names(maker)}.union(*accepted)
    for name in options:
        if name not in known:
            raise TypeError(_unknown(maker.__name__, name, known))
    return [{name: options[name] for name in options if name in names} for names in accepted]


def _names(accepts: Callable) -> list[str]:
    kinds = (inspect.Parameter.KEYWORD_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(accepts).parameters.values()
    return [parameter.name for parameter in parameters if parameter.kind in kinds]


def _unknown(maker: str, name: str, known: set) -> str:
    nearest = get_close_matches(name, sorted(known), n=1, cutoff=0.5)
    if nearest:
        return f"{maker}() has no option {name!r}; did you mean {nearest[0]!r}?"
    return f"{maker}() has no option {name!r}; it has {', '.join(sorted(known))}"


def make_networks(
    kind: type,
    *,
    max_epochs: int | None,
    n_networks: int,
    random_state: Any,
    n_jobs: int | None,
    **parameters: Any,
) -> BaseEstimator:
    """Return one network, or the mean of several.

    Examples
    --------
    >>> from skastro.neural_network import HeatmapCNNClassifier
    >>> from skastro.recipes._options import make_networks
    >>> options = {"max_epochs": None, "n_networks": 3, "random_state": 0, "n_jobs": None}
    >>> make_networks(HeatmapCNNClassifier, **options).n_estimators
    3
    """
    if max_epochs is not None:
        parameters["max_epochs"] = max_epochs
    network = kind(random_state=random_state, **parameters)
    if n_networks == 1:
        return network
    return DeepEnsembleClassifier(
        network, n_estimators=n_networks, n_jobs=n_jobs, random_state=random_state
    )
