"""Search of parameters with Optuna, in the interface of scikit-learn's searches."""

import time
import warnings
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from os import PathLike
from typing import Any, Self

import joblib
import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from optuna.pruners import BasePruner
from optuna.samplers import BaseSampler
from optuna.storages import BaseStorage
from sklearn.base import _fit_context, clone, is_classifier
from sklearn.model_selection import check_cv
from sklearn.model_selection._search import BaseSearchCV
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_method_params
from tqdm.auto import tqdm

from skastro.model_selection._checks import check_input, check_splits, text_of
from skastro.model_selection._front import PipelineFolds, WholeEstimator
from skastro.model_selection._processes import run_processes
from skastro.model_selection._space import Space
from skastro.model_selection._study import completed_trials, finished_trials, open_study
from skastro.model_selection._trials import TrialRunner, results_table
from skastro.utils.fingerprint import fingerprint


class OptunaSearchCV(BaseSearchCV):
    """Search the parameters of an estimator with Optuna and cross-validation.

    The search can be stopped and resumed, stops unpromising trials early, and computes the steps
    before a classifier once per fold.  Otherwise it is used like
    :class:`sklearn.model_selection.GridSearchCV`.

    Parameters
    ----------
    estimator : estimator
        Any estimator with the interface of scikit-learn, for arrays or for light curves.

    param_distributions : dict or callable
        Optuna distributions, or lists of choices, by parameter; or ``space(trial)``, a function
        that queries an ``optuna.Trial`` and returns the parameters.
        :mod:`skastro.recipes.search_spaces` has one for each recipe.

    n_trials : int or None, default=20
        Total number of trials in the study, including those of earlier runs.  None: no limit but
        `timeout`.

    timeout : float, default=None
        Time after which no trial is started [s].

    cv : int, splitter or iterable of (train, test), default=None
        Splits of the objects; 5 stratified folds by default.

    scoring : str, callable, list, tuple or dict, default=None
        As in ``GridSearchCV``; several scores require ``refit=name``.  Greater is better.

    storage : str, Path, optuna storage or None, default=None
        Where trials are kept: a path makes a journal file, which several processes may share on
        one disk; a URL such as ``"sqlite:///study.db"`` is a database.  A search on a storage that
        has its study continues it.  None keeps the trials in memory.

    study_name : str, default=None
        Name of the study in the storage, "skastro" by default.

    pruner : {"median", "hyperband"}, optuna pruner or None, default="median"
        Stops trials that are worse than others at the same epoch of the same fold, or at the same
        fold.

    monitor : str or None, default="valid_loss"
        Metric that networks report after every epoch; the study maximises, so a loss is negated.
        Requires a `validation` part.  None compares folds only, as for all other estimators.

    sampler : {"tpe", "random"} or optuna sampler, default="tpe"
        Suggests the parameters.  Those given by name suggest the same in a resumed search as in
        an uninterrupted one.

    refit : bool or str, default=True
        Whether to fit the best estimator on all objects; the name of the score to maximise if there
        are several.

    memory : str, joblib.Memory or None, default=None
        Disk cache of the steps before the last one of a Pipeline.  None keeps the last few
        of them in memory.

    cache_front : bool, default=True
        Whether to compute these steps once per fold and value of their parameters, instead of in
        every trial.  The scorer then gets the last step and its input.

    error_score : "raise" or float, default=nan
        Score of a fold whose fit or score fails.

    on_interrupt : {"keep", "raise"}, default="keep"
        What Ctrl-C does: end the search with the best trial so far and a warning, or raise
        KeyboardInterrupt.  Finished trials stay in the storage in either case.

    n_jobs : int, default=None
        Number of processes that share the study.  More than one is not reproducible.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the sampler; pass an integer for reproducible results.

    verbose : int, default=0
        Above 0, show a progress bar.

    Attributes
    ----------
    best_estimator_ : estimator
        Fitted on all objects, if `refit`.

    best_params_, best_score_, best_index_ : dict, float, int
        Parameters of the best trial, the mean score of its folds, and its row in `cv_results_`.

    cv_results_ : dict of str -> ndarray
        One row per finished trial, as of ``GridSearchCV``, and ``state``: "COMPLETE", "PRUNED" or
        "FAIL".  Pruned trials have no mean score.

    study_ : optuna.Study
        All trials.

    scorer_ : callable or dict of str -> callable
        Scores.

    n_splits_ : int
        Number of folds.

    n_front_fits_ : int
        How often steps before the last one were computed, in this process.

    refit_time_ : float
        Time of the last fit [s].

    multimetric_ : bool
        Whether there are several scores.

    classes_ : ndarray of shape (n_classes,)
        Classes of a classifier.

    n_features_in_, feature_names_in_ : int, ndarray of shape (n_features_in_,)
        Columns seen by the best estimator, if it knows them.

    See Also
    --------
    nested_cross_validate : Score of the whole search on held-out objects.
    skastro.recipes.search_spaces : Spaces for the recipes.

    Notes
    -----
    ``optuna_integration.OptunaSearchCV`` neither reports epochs inside of folds, nor recognises a
    study of other data, nor keeps the front of a Pipeline, nor takes several scores; hence a
    class of its own, over ``study.ask`` and ``study.tell``.

    A study in a storage carries fingerprints of the data, the space, the scorer, the splits and
    the estimator; a search with others is refused.

    Splits whose training and test parts share objects, or groups if there are any, are refused.
    Samplers of a Pipeline act on training parts alone.

    References
    ----------
    Akiba et al. 2019, KDD (arXiv:1907.10902).

    Examples
    --------
    >>> from optuna.distributions import FloatDistribution
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.model_selection import OptunaSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": FloatDistribution(1e-3, 10, log=True)}
    >>> search = OptunaSearchCV(LogisticRegression(), space, n_trials=5, random_state=0)
    >>> search.fit(X, y).best_score_ > 0.9
    True
    >>> search.trials_dataframe()[["state", "param_C"]].shape
    (5, 2)
    """

    _parameter_constraints = {
        **{k: v for k, v in BaseSearchCV._parameter_constraints.items() if k != "pre_dispatch"},
        "param_distributions": [dict, callable],
        "n_trials": [Interval(Integral, 1, None, closed="left"), None],
        "timeout": [Interval(Real, 0, None, closed="neither"), None],
        "storage": [str, PathLike, BaseStorage, None],
        "study_name": [str, None],
        "pruner": [StrOptions({"median", "hyperband"}), BasePruner, None],
        "monitor": [str, None],
        "sampler": [StrOptions({"tpe", "random"}), BaseSampler],
        "refit": ["boolean", str],
        "memory": [str, joblib.Memory, None],
        "cache_front": ["boolean"],
        "on_interrupt": [StrOptions({"keep", "raise"})],
        "random_state": ["random_state"],
    }
    _parameter_constraints.pop("return_train_score")

    def __init__(
        self,
        estimator: Any,
        param_distributions: Mapping[str, Any] | Callable,
        *,
        n_trials: int | None = 20,
        timeout: float | None = None,
        cv: Any = None,
        scoring: Any = None,
        storage: Any = None,
        study_name: str | None = None,
        pruner: str | BasePruner | None = "median",
        monitor: str | None = "valid_loss",
        sampler: str | BaseSampler = "tpe",
        refit: bool | str = True,
        memory: Any = None,
        cache_front: bool = True,
        error_score: float | str = np.nan,
        on_interrupt: str = "keep",
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: int = 0,
    ):
        super().__init__(
            estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            error_score=error_score,
        )
        self.param_distributions = param_distributions
        self.n_trials = n_trials
        self.timeout = timeout
        self.storage = storage
        self.study_name = study_name
        self.pruner = pruner
        self.monitor = monitor
        self.sampler = sampler
        self.memory = memory
        self.cache_front = cache_front
        self.on_interrupt = on_interrupt
        self.random_state = random_state

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: ArrayLike | None = None, **params: Any) -> Self:
        """Run the trials that the study does not have yet, and fit the best estimator.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,), default=None
            Labels.

        **params : dict
            `groups` for the splitter, and metadata for `fit` of the estimator such as
            `sample_weight`; routed as requested if metadata routing is enabled.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            A study of another search in the storage, splits that share objects or groups, several
            scores without ``refit=name``, or no trial with a score.

        Warns
        -----
        UserWarning
            The search was interrupted.
        """
        name = type(self).__name__
        X, y = check_input(X, y, self.estimator, name)
        runner, prints = self._prepare(X, y, params)
        study_name = self.study_name or "skastro"
        self.study_ = open_study(self.storage, study_name, self.pruner, prints, name)
        self._run(runner)
        self._collect(runner)
        if self.refit:
            self._refit(X, y, self._fit_params)
        del self._fit_params
        return self

    def trials_dataframe(self) -> pd.DataFrame:
        """Return `cv_results_` as a table.

        Returns
        -------
        table : DataFrame of shape (n_finished, n_columns)
            One row per finished trial, index ``trial``.
        """
        columns = {k: np.ma.filled(v, None) for k, v in self.cv_results_.items() if k != "params"}
        return pd.DataFrame(columns).rename_axis("trial")

    def _prepare(self, X: Any, y: Any, params: Mapping) -> tuple[TrialRunner, dict[str, str]]:
        """Return what runs the trials, and the fingerprints of the search."""
        name = type(self).__name__
        scorer, metric = self._scorer()
        params = _check_method_params(X, params=params)
        routed = self._get_routed_params_for_fit(params)
        self._fit_params = routed.estimator.fit
        cv = check_cv(self.cv, y, classifier=is_classifier(self.estimator))
        splits = list(cv.split(X, y, **routed.splitter.split))
        check_splits(splits, X, routed.splitter.split.get("groups"), name)
        self.n_splits_, self.scorer_ = len(splits), scorer
        space = Space(self.param_distributions, name)
        digest = joblib.hash((fingerprint(X), np.asarray(y), sorted(self._fit_params)))
        scores = [_check_method_params(X, routed.scorer.score, test) for _, test in splits]
        seed = int(check_random_state(self.random_state).randint(2**30))
        folds = self._folds(X, y, splits, digest)
        runner = TrialRunner(clone(self), space, folds, scorer, metric, scores, seed)
        prints = {"data": digest, "space": space.fingerprint(), "splits": joblib.hash(splits)}
        prints["scorer"] = text_of(self.scoring, metric)
        prints["estimator"] = text_of(self.estimator.get_params())
        return runner, prints

    def _folds(self, X: Any, y: Any, splits: list, digest: str) -> WholeEstimator:
        if self.cache_front and PipelineFolds.fits(self.estimator, self._fit_params):
            known = X, y, splits, self._fit_params, self.memory, digest
            return PipelineFolds(self.estimator, *known)
        return WholeEstimator(self.estimator, X, y, splits, self._fit_params)

    def _scorer(self) -> tuple[Callable, str | None]:
        """Return the scorer and the name of the score to maximise, None if there is only one."""
        names = self._metrics()
        if names and self.refit not in names:
            raise ValueError(
                f"{type(self).__name__}: several scores need refit=name, the one to maximise, "
                f"among {names}; it is {self.refit!r}"
            )
        scorer, _ = self._get_scorers()
        return scorer, str(self.refit) if names else None

    def _metrics(self) -> list[str]:
        if isinstance(self.scoring, Mapping | list | tuple | set):
            return list(self.scoring)
        return [self.refit] if callable(self.scoring) and isinstance(self.refit, str) else []

    def _run(self, runner: TrialRunner) -> None:
        deadline = np.inf if self.timeout is None else time.time() + self.timeout
        try:
            if self.n_jobs in (None, 1):
                total = self.n_trials
                n_done = len(finished_trials(self.study_))
                with tqdm(total=total, initial=n_done, disable=not self.verbose) as bar:
                    runner.run(self.study_, total, deadline, bar)
            else:
                share = self.n_trials, deadline, self.n_jobs
                self.study_ = run_processes(runner, self.study_, self.storage, *share)
        except KeyboardInterrupt:
            n_done = len(completed_trials(self.study_))
            if self.on_interrupt == "raise" or n_done == 0:
                raise
            warnings.warn(
                f"{type(self).__name__}: interrupted after {n_done} complete trials; the best of "
                f"them is kept, and a search with the same storage continues",
                UserWarning,
                stacklevel=3,
            )

    def _collect(self, runner: TrialRunner) -> None:
        trials = finished_trials(self.study_)
        metric = runner.metric or "score"
        names = self._metrics() or [metric]
        self.cv_results_ = results_table(trials, self.n_splits_, runner.space, names)
        self.multimetric_ = runner.metric is not None
        self.n_front_fits_ = runner.folds.n_front_fits
        if not completed_trials(self.study_):
            raise runner.error_type(
                f"{type(self).__name__}: none of {len(trials)} trials has a score; the last "
                f"error is {runner.last_error}"
            )
        means = self.cv_results_[f"mean_test_{metric}"]
        self.best_index_ = int(np.nanargmax(means))
        self.best_score_ = float(means[self.best_index_])
        self.best_params_ = self.cv_results_["params"][self.best_index_]

    def _refit(self, X: Any, y: Any, fit_params: Mapping[str, Any]) -> None:
        params = clone(self.best_params_, safe=False)
        self.best_estimator_ = clone(self.estimator).set_params(**params)
        start = time.perf_counter()
        labels = () if y is None else (y,)
        self.best_estimator_.fit(X, *labels, **fit_params)
        self.refit_time_ = time.perf_counter() - start
        if hasattr(self.best_estimator_, "feature_names_in_"):
            self.feature_names_in_ = self.best_estimator_.feature_names_in_

    def _run_search(self, evaluate_candidates: Callable) -> None:
        """Unused: trials are not known before they run."""
