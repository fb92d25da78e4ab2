"""Search spaces: Optuna distributions by parameter, choices, or a function of the trial."""

import hashlib
import inspect
from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import BaseDistribution, CategoricalDistribution, distribution_to_json

_PLAIN = (bool, int, float, str, type(None))


class Space:
    """Suggest the parameters of a trial.

    Parameters
    ----------
    space : dict or callable
        Distributions or lists of choices by parameter, or ``space(trial)`` that returns the
        parameters.

    name : str
        Estimator named in errors.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection._space import Space
    >>> study = optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0))
    >>> trial, params = Space({"C": [0.1], "penalty": ["l2"]}, "Search").ask(study)
    >>> params
    {'C': 0.1, 'penalty': 'l2'}
    """

    def __init__(self, space: Mapping[str, Any] | Callable, name: str):
        self.space = space
        self._objects: dict[str, dict[str, Any]] = {}
        if not callable(space):
            if not space:
                raise ValueError(f"{name}: param_distributions is empty")
            self._distributions = {key: self._read(key, v, name) for key, v in space.items()}

    def ask(self, study: optuna.Study) -> tuple[optuna.Trial, dict[str, Any]]:
        """Return a new trial and its parameters."""
        if callable(self.space):
            trial = study.ask()
            return trial, dict(self.space(trial))
        trial = study.ask(fixed_distributions=self._distributions)
        return trial, self.decode(trial.params)

    def decode(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Return the parameters of the estimator for those that a trial was given."""
        if callable(self.space):
            return dict(self.space(optuna.trial.FixedTrial(dict(params))))
        return {key: self._objects.get(key, {}).get(value, value) for key, value in params.items()}

    def largest(self, suffix: str, default: int) -> int:
        """Return the largest value of the parameter with this end of its name."""
        if callable(self.space):
            return default
        found: list[Any] = [d for key, d in self._distributions.items() if key.endswith(suffix)]
        highest = [max(getattr(d, "choices", ()) or (d.high,)) for d in found]
        return max([default, *map(int, highest)])

    def fingerprint(self) -> str:
        """Return a string that changes with the space."""
        if not callable(self.space):
            parts = sorted((k, distribution_to_json(d)) for k, d in self._distributions.items())
            return hashlib.sha256(repr(parts).encode()).hexdigest()
        try:
            text = inspect.getsource(self.space)
        except (OSError, TypeError):
            text = repr(getattr(self.space, "__code__", self.space))
        return hashlib.sha256(text.encode()).hexdigest()

    def _read(self, key: str, value: Any, name: str) -> BaseDistribution:
        if isinstance(value, BaseDistribution):
            return value
        if not isinstance(value, list | tuple) or not value:
            raise ValueError(
                f"{name}: param_distributions[{key!r}] is {value!r}, not an Optuna distribution or "
                f"a list of choices"
            )
        if all(isinstance(choice, _PLAIN) for choice in value):
            return CategoricalDistribution(tuple(value))
        # Storages keep strings and numbers only, so that other choices are kept by a label.
        self._objects[key] = {f"{i}: {type(v).__name__}": v for i, v in enumerate(value)}
        return CategoricalDistribution(tuple(self._objects[key]))
