"""The steps of a Pipeline before the classifier, computed once per fold."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import joblib
import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import _check_method_params, check_memory

_MOST_KEPT = 4


class Part(NamedTuple):
    """Training and test part of a fold; `rows` are the rows of X of the training part."""

    X_train: Any
    y_train: Any
    rows: NDArray[np.intp]
    X_test: Any


class Fold(NamedTuple):
    """What one fit and its score need."""

    estimator: Any
    X_train: Any
    y_train: Any
    fit_params: dict[str, Any]
    X_test: Any
    y_test: Any


class WholeEstimator:
    """Folds for an estimator that is fitted as a whole.

    Parameters
    ----------
    estimator : estimator
        Cloned for each fit.

    X, y : array-like or frame of n_objects rows, array-like of shape (n_objects,)
        Data.

    splits : list of (ndarray, ndarray)
        Rows of the training and test parts.

    fit_params : dict
        Metadata for `fit`.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from skastro.model_selection._front import WholeEstimator
    >>> X, y = np.arange(4.0)[:, None], np.array([0, 0, 1, 1])
    >>> folds = WholeEstimator(GaussianNB(), X, y, [(np.array([0, 2]), np.array([1, 3]))], {})
    >>> folds.take(0, {}).y_test.tolist()
    [0, 1]
    """

    def __init__(self, estimator: Any, X: Any, y: Any, splits: Sequence, fit_params: Mapping):
        self.estimator, self.X, self.y = estimator, X, y
        self.splits, self.fit_params = splits, fit_params
        self.n_front_fits = 0

    def take(self, number: int, params: Mapping[str, Any]) -> Fold:
        """Return the fold of a number, for an estimator with some parameters."""
        train, test = self.splits[number]
        return Fold(
            # Estimators among the parameters are copied, or all folds would fit one.
            clone(self.estimator).set_params(**clone(dict(params), safe=False)),
            _safe_indexing(self.X, train),
            self._labels(train),
            _check_method_params(self.X, params=self.fit_params, indices=train),
            _safe_indexing(self.X, test),
            self._labels(test),
        )

    def _labels(self, rows: NDArray[np.intp]) -> Any:
        return None if self.y is None else _safe_indexing(self.y, rows)


class PipelineFolds(WholeEstimator):
    """Folds for the last step of a Pipeline, after the output of the others, which is kept.

    The output of the steps before the first one with searched parameters is kept for every
    fold, and that of all steps but the last for the last few values of their parameters; with
    `memory` all of them are kept on disk.

    Parameters
    ----------
    estimator, X, y, splits, fit_params
        See :class:`WholeEstimator`.

    memory : str, joblib.Memory or None
        Cache on disk.

    digest : str
        Fingerprint of the data, which stands for them in the cache.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.naive_bayes import GaussianNB
    >>> from sklearn.pipeline import make_pipeline
    >>> from sklearn.preprocessing import StandardScaler
    >>> from skastro.model_selection._front import PipelineFolds
    >>> X, y = np.arange(4.0)[:, None], np.array([0, 0, 1, 1])
    >>> model = make_pipeline(StandardScaler(), GaussianNB())
    >>> splits = [(np.array([0, 2]), np.array([1, 3]))]
    >>> folds = PipelineFolds(model, X, y, splits, {}, None, "X")
    >>> for smoothing in (1e-9, 1e-3):
    ...     fold = folds.take(0, {"gaussiannb__var_smoothing": smoothing})
    >>> fold.X_train.ravel().tolist(), folds.n_front_fits
    ([-1.0, 1.0], 1)
    """

    def __init__(
        self,
        estimator: Pipeline,
        X: Any,
        y: Any,
        splits: Sequence,
        fit_params: Mapping,
        memory: Any,
        digest: str,
    ):
        super().__init__(estimator, X, y, splits, fit_params)
        self._memory, self._digest = memory, digest
        self._kept: OrderedDict[Any, Part] = OrderedDict()
        # Each fold has up to two stages.
        self._most_kept = _MOST_KEPT * 2 * len(splits)

    @staticmethod
    def fits(estimator: Any, fit_params: Mapping) -> bool:
        """Return whether an estimator can be split before its last step.

        Examples
        --------
        >>> from sklearn.naive_bayes import GaussianNB
        >>> from skastro.model_selection._front import PipelineFolds
        >>> PipelineFolds.fits(GaussianNB(), {})
        False
        """
        if not isinstance(estimator, Pipeline) or len(estimator.steps) == 1:
            return False
        last = f"{estimator.steps[-1][0]}__"
        return estimator.transform_input is None and all(k.startswith(last) for k in fit_params)

    def take(self, number: int, params: Mapping[str, Any]) -> Fold:
        """Return the fold of a number, for a Pipeline with some parameters."""
        train, test = self.splits[number]
        model = clone(self.estimator).set_params(**clone(dict(params), safe=False))
        part = Part(
            _safe_indexing(self.X, train),
            self._labels(train),
            train,
            _safe_indexing(self.X, test),
        )
        start, n_front = 0, len(model.steps) - 1
        for stop in self._stops(params, n_front):
            own = {k: v for k, v in params.items() if _step(k) in dict(model.steps[:stop])}
            part = self._stage((number, start, stop), own, model.steps[start:stop], part)
            start = stop
        name, last = model.steps[-1]
        fit_params = {k.removeprefix(f"{name}__"): v for k, v in self.fit_params.items()}
        return Fold(
            last,
            part.X_train,
            part.y_train,
            _check_method_params(self.X, params=fit_params, indices=part.rows),
            part.X_test,
            self._labels(test),
        )

    def _stops(self, params: Mapping[str, Any], n_front: int) -> list[int]:
        searched = {_step(name) for name in params}
        names = [name for name, _ in self.estimator.steps[:n_front]]
        first = next((i for i, name in enumerate(names) if name in searched), n_front)
        return sorted({first, n_front} - {0})

    def _stage(self, place: tuple, params: Mapping[str, Any], steps: Any, part: Part) -> Part:
        key = place, joblib.hash(dict(params))
        if key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        self.n_front_fits += 1
        # The key stands for `part`, which would be hashed at every call.
        compute = check_memory(self._memory).cache(_run_steps, ignore=["part"])
        found = compute(steps, part, (self._digest, joblib.hash(self.splits), *key))
        if self._memory is None:
            self._kept[key] = found
            while len(self._kept) > self._most_kept:
                self._kept.popitem(last=False)
        return found


def _step(name: str) -> str:
    return name.split("__", 1)[0]


def _run_steps(steps: Sequence, part: Part, key: Any) -> Part:
    """Return the part after some steps; samplers change the training part alone."""
    X_train, y_train, rows, X_test = part
    for _, step in steps:
        if step is None or step == "passthrough":
            continue
        if hasattr(step, "fit_resample"):
            X_train, y_train = step.fit_resample(X_train, y_train)
            rows = rows[step.sample_indices_] if hasattr(step, "sample_indices_") else rows[:0]
            continue
        X_train = step.fit_transform(X_train, y_train)
        X_test = step.transform(X_test)
    return Part(X_train, y_train, rows, X_test)
