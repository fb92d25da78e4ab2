"""One trial: fit and score every fold, report to the pruner, keep the results."""

import time
import warnings
from collections.abc import Callable, Mapping
from numbers import Number
from typing import Any

import numpy as np
import optuna
from optuna.trial import TrialState
from sklearn.exceptions import FitFailedWarning

from skastro.model_selection._front import Fold, WholeEstimator
from skastro.model_selection._space import Space
from skastro.model_selection._study import FINISHED, finished_trials, make_sampler

_RESULTS = "results"


class TrialRunner:
    """Run the trials of a search.

    Parameters
    ----------
    search : OptunaSearchCV
        Its parameters.

    space : Space
        Suggests the parameters of a trial.

    folds : WholeEstimator
        Returns the parts of each fold.

    scorer : callable
        ``scorer(estimator, X, y, **score_params)`` returns a number, or a dict of them.

    metric : str or None
        Score of a dict that is maximised.

    score_params : list of dict
        Metadata for the scorer by fold.

    seed : int
        Of the sampler.

    Examples
    --------
    >>> from skastro.model_selection._trials import TrialRunner
    >>> TrialRunner.__name__
    'TrialRunner'
    """

    def __init__(
        self,
        search: Any,
        space: Space,
        folds: WholeEstimator,
        scorer: Callable,
        metric: str | None,
        score_params: list[dict],
        seed: int,
    ):
        self.search, self.space, self.folds = search, space, folds
        self.scorer, self.metric, self.score_params = scorer, metric, score_params
        self.seed = seed
        self.last_error = "not known here, but error_score='raise' shows it"
        self.error_type: type[Exception] = ValueError

    def run(self, study: optuna.Study, n_trials: int | None, deadline: float, bar: Any) -> None:
        """Run trials until the study has `n_trials`, or until a time [s since the epoch]."""
        while time.time() < deadline:
            index = len(finished_trials(study))
            if n_trials is not None and index >= n_trials:
                return
            study.sampler = make_sampler(self.search.sampler, self.seed, index)
            self._run_one(study)
            bar.update()

    def run_more(self, study: optuna.Study, n_trials: int, deadline: float, worker: int) -> None:
        """Run `n_trials` more trials, in one of several processes."""
        for i in range(n_trials):
            if time.time() >= deadline:
                return
            seed = self.seed + 1_000 * (worker + 1)
            study.sampler = make_sampler(self.search.sampler, seed, len(study.trials) + i)
            self._run_one(study)

    def _run_one(self, study: optuna.Study) -> None:
        trial, params = self.space.ask(study)
        results: dict[str, list] = {"scores": [], "fit_times": [], "score_times": []}
        try:
            value = self._evaluate(trial, params, results)
            state = TrialState.COMPLETE if np.isfinite(value) else TrialState.FAIL
        except optuna.TrialPruned:
            value, state = None, TrialState.PRUNED
        except BaseException:
            study.tell(trial, state=TrialState.FAIL)
            raise
        # Before `tell`: Optuna refuses to change a finished trial.
        trial.set_user_attr(_RESULTS, results)
        trial.set_user_attr(FINISHED, True)
        study.tell(trial, value if state == TrialState.COMPLETE else None, state)

    def _evaluate(self, trial: optuna.Trial, params: Mapping, results: dict[str, list]) -> float:
        values: list[float] = []
        reporter = None
        for number in range(len(self.folds.splits)):
            fold = self.folds.take(number, params)
            networks = self._reporting_networks(fold.estimator)
            reporter = reporter or self._reporter(trial, networks)
            for network in networks:
                callbacks = network.get_params(deep=False)["callbacks"] or []
                network.set_params(callbacks=[*callbacks, reporter])
            scores = self._score(fold, number, results)
            results["scores"].append(scores)
            values.append(scores[self.metric or "score"])
            if networks or not np.isfinite(np.mean(values)):
                continue
            trial.report(float(np.mean(values)), number)
            if trial.should_prune() and number + 1 < len(self.folds.splits):
                raise optuna.TrialPruned(f"after fold {number}")
        return float(np.mean(values))

    def _score(self, fold: Fold, number: int, results: dict[str, list]) -> dict[str, float]:
        start = time.perf_counter()
        try:
            labels = () if fold.y_train is None else (fold.y_train,)
            fold.estimator.fit(fold.X_train, *labels, **fold.fit_params)
            results["fit_times"].append(time.perf_counter() - start)
            start = time.perf_counter()
            labels = () if fold.y_test is None else (fold.y_test,)
            found = self.scorer(fold.estimator, fold.X_test, *labels, **self.score_params[number])
        except optuna.TrialPruned:
            raise
        except Exception as error:
            return self._failed(error, results)
        results["score_times"].append(time.perf_counter() - start)
        scores: dict[str, Any] = {"score": found} if isinstance(found, Number) else dict(found)
        return {key: float(value) for key, value in scores.items()}

    def _failed(self, error: Exception, results: dict[str, list]) -> dict[str, float]:
        """Return the error score; the exception itself if it must be raised."""
        value: Any = self.search.error_score
        self.last_error = f"{type(error).__name__}: {error}"
        self.error_type = TypeError if isinstance(error, TypeError) else ValueError
        if isinstance(value, str):
            raise error
        warnings.warn(
            f"{type(self.search).__name__}: a fold failed and gets the score {value}: "
            f"{type(error).__name__}: {error}",
            FitFailedWarning,
            stacklevel=2,
        )
        for key in ("fit_times", "score_times"):
            results[key] += [np.nan] * (len(results["scores"]) + 1 - len(results[key]))
        names = self.search._metrics() or [self.metric or "score"]
        return dict.fromkeys(names, float(value))

    def _reporting_networks(self, estimator: Any) -> list[Any]:
        """Return the networks of an estimator that can report their epochs, itself included."""
        if self.search.monitor is None or not hasattr(estimator, "get_params"):
            return []
        params = estimator.get_params()
        parts = {"": estimator} | {k: v for k, v in params.items() if hasattr(v, "get_params")}
        found = [v for key, v in parts.items() if _has_validation(v) and _in_process(key, params)]
        return list({id(network): network for network in found}.values())

    def _reporter(self, trial: optuna.Trial, networks: list[Any]) -> Any:
        """Return the callback that all networks of a trial share."""
        if not networks:
            return None
        from skastro.neural_network import PruneTrial  # noqa: PLC0415

        n_epochs = max(network.get_params(deep=False)["max_epochs"] for network in networks)
        stride = self.space.largest("max_epochs", n_epochs)
        return PruneTrial(trial, self.search.monitor, stride=stride)


def _has_validation(estimator: Any) -> bool:
    """Return whether an estimator is a network that scores a validation part every epoch."""
    if isinstance(estimator, type):
        return False
    params = estimator.get_params(deep=False)
    return {"callbacks", "max_epochs"} <= set(params) and bool(params.get("validation"))


def _in_process(name: str, params: Mapping[str, Any]) -> bool:
    """Return whether the estimators around a part train it in this process.

    Networks in other processes would count their trainings separately.
    """
    owners = ["__".join(name.split("__")[:depth]) for depth in range(name.count("__") + 1)]
    keys = [f"{owner}__n_jobs" if owner else "n_jobs" for owner in owners]
    return all(params.get(key) in (None, 1) for key in keys)


def results_table(trials: list, splits: int, space: Space, names: list[str]) -> dict[str, Any]:
    """Return the trials in the form of `cv_results_` of scikit-learn's searches.

    Examples
    --------
    >>> from skastro.model_selection._space import Space
    >>> from skastro.model_selection._trials import results_table
    >>> list(results_table([], 2, Space({"C": [1.0]}, "Search"), ["score"]))[-3:]
    ['mean_test_score', 'std_test_score', 'rank_test_score']
    """
    found = [trial.user_attrs[_RESULTS] for trial in trials]
    params = [space.decode(trial.params) for trial in trials]
    table: dict[str, Any] = {}
    for key in ("fit", "score"):
        times = _padded([result[f"{key}_times"] for result in found], splits)
        table[f"mean_{key}_time"], table[f"std_{key}_time"] = _mean(times), _std(times)
    for key in sorted({name for chosen in params for name in chosen}):
        values = [chosen.get(key) for chosen in params]
        missing = [key not in chosen for chosen in params]
        # np.array would make two dimensions of values that are lists.
        column = np.empty(len(values), dtype=object)
        column[:] = values
        table[f"param_{key}"] = np.ma.MaskedArray(column, mask=missing)
    table["params"] = params
    table["state"] = np.array([trial.state.name for trial in trials])
    for name in names:
        table |= _scores(found, name, splits)
    return table


def _scores(found: list[dict], name: str, splits: int) -> dict[str, np.ndarray]:
    scores = _padded([[s[name] for s in result["scores"]] for result in found], splits)
    table = {f"split{i}_test_{name}": scores[:, i] for i in range(splits)}
    # A pruned trial has scores of some folds, but no mean that compares with others.
    mean = np.where(np.isnan(scores).any(axis=1), np.nan, _mean(scores))
    table[f"mean_test_{name}"], table[f"std_test_{name}"] = mean, _std(scores)
    order = np.nan_to_num(mean, nan=-np.inf)
    table[f"rank_test_{name}"] = np.array([1 + int((order > value).sum()) for value in order], int)
    return table


def _padded(rows: list[list[float]], width: int) -> np.ndarray:
    table = np.full((len(rows), width), np.nan)
    for row, values in zip(table, rows):
        row[: len(values)] = values
    return table


def _mean(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmean(values, axis=1)


def _std(values: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanstd(values, axis=1)
