"""Base of the classifiers that own a skorch net."""

import copy
import warnings
from contextlib import contextmanager
from numbers import Integral, Real

import numpy as np
import pandas as pd
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call, check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data
from skorch.callbacks import EarlyStopping

from skastro.exceptions import ObjectError, ObjectWarning, name_objects
from skastro.neural_network._callbacks import (
    SCHEDULES,
    FiniteLoss,
    LearningRate,
    Progress,
    to_probabilities,
)
from skastro.neural_network._data import BatchDataset
from skastro.neural_network._net import WeightedNet, resolve_device
from skastro.neural_network._split import holdout

_HISTORY = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "lr", "dur"]
_SEEDS = 2**31 - 1


class BaseNetClassifier(ClassifierMixin, BaseEstimator):
    """Own a skorch net: everything about training that does not depend on the network.

    A subclass says what its inputs are, ``_read(X)``, and builds its torch module,
    ``_make_module(source, n_outputs)``, whose ``forward`` takes the inputs by name and returns
    logits: one for two classes, else one a class.  The parameters and attributes are described
    in the subclasses.

    See Also
    --------
    HeatmapCNNClassifier : Convolutional network for heat maps.

    Examples
    --------
    >>> from skastro.neural_network import BaseNetClassifier, HeatmapCNNClassifier
    >>> issubclass(HeatmapCNNClassifier, BaseNetClassifier)
    True
    """

    _parameter_constraints = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"all"})],
        "optimizer": [str, type],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "validation": [Interval(Real, 0, 1, closed="left"), HasMethods("split"), None],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "criterion": [callable, None],
        "callbacks": [list, None],
        "net_params": [dict, None],
        "device": [str],
        "warm_start": ["boolean"],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
    }

    def __init__(
        self,
        *,
        max_epochs=50,
        lr=1e-3,
        batch_size=32,
        optimizer="Adam",
        schedule="one_cycle",
        validation=0.1,
        patience=None,
        class_weight=None,
        criterion=None,
        callbacks=None,
        net_params=None,
        device="auto",
        warm_start=False,
        verbose=0,
        random_state=None,
    ):
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.schedule = schedule
        self.validation = validation
        self.patience = patience
        self.class_weight = class_weight
        self.criterion = criterion
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    def _read(self, X):
        """Return the source of batches of a validated 2-D array."""
        raise NotImplementedError

    def _make_module(self, source, n_outputs):
        """Return the torch module for the inputs of `source`."""
        raise NotImplementedError

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X, y, sample_weight=None, groups=None):
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.  A memory-mapped array is not copied.

        y : array-like of shape (n_objects,)
            Class labels of any kind.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights in the loss of training and validation.  Objects of weight 0 take no part.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group go to training or to validation together.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Infinite values, fewer than two classes, shapes that do not fit, a training that
            diverged.

        Warns
        -----
        ObjectWarning
            Objects with NaN where NaN has no meaning are left out.
        """
        fresh = not (self.warm_start and hasattr(self, "net_"))
        source, y = self._validate(X, y, reset=fresh)
        if fresh:
            self.classes_ = np.unique(y)
        codes, weights, used = self._codes_and_weights(source, y, sample_weight)
        n_classes = len(np.unique(codes[used]))
        if n_classes < 2:
            raise ValueError(
                f"{type(self).__name__} needs 2 classes at least; the usable objects have "
                f"{n_classes} class"
            )
        rng = check_random_state(self.random_state)
        held = self._hold_back(codes, used, groups, rng)
        train, valid = np.flatnonzero(used & ~held), np.flatnonzero(used & held)
        with self._seeded(rng):
            if fresh:
                self._make_net(source, train)
            sets = [
                BatchDataset(self._scaled(source), rows, codes[rows], weights[rows])
                if len(rows)
                else None
                for rows in (train, valid)
            ]
            self._train(sets, self.max_epochs, self._training_callbacks(len(valid) > 0))
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(self, X, y, classes=None, sample_weight=None):
        """Train one epoch more at the learning rate `lr`, without validation.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.

        y : array-like of shape (n_objects,)
            Class labels.

        classes : array-like of shape (n_classes,), default=None
            All classes that will ever occur; needed in the first call.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights in the loss.

        Returns
        -------
        self : object
        """
        fresh = not hasattr(self, "net_")
        if _check_partial_fit_first_call(self, classes):
            fresh = True
        if self.class_weight == "balanced":
            raise ValueError("class_weight='balanced' is not known in partial_fit: pass weights")
        source, y = self._validate(X, y, reset=fresh)
        codes, weights, used = self._codes_and_weights(source, y, sample_weight)
        rows = np.flatnonzero(used)
        if fresh:
            self._rng = check_random_state(self.random_state)
        elif not hasattr(self, "_rng"):
            self._rng = check_random_state(self.random_state)
        with self._seeded(self._rng):
            if fresh:
                self._make_net(source, rows)
            if len(rows):
                data = BatchDataset(self._scaled(source), rows, codes[rows], weights[rows])
                self._train([data, None], 1, [FiniteLoss(type(self).__name__)])
        return self

    def predict_proba(self, X):
        """Return the probability of every class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.

        Returns
        -------
        probabilities : ndarray of shape (n_objects, n_classes)
            In the order of `classes_`; NaN for objects that cannot be classified.
        """
        check_is_fitted(self)
        source, _ = self._validate(X, reset=False)
        rows = np.flatnonzero(~source.unusable)
        probabilities = np.full((len(source), len(self.classes_)), np.nan)
        self._move_net()
        start = 0
        for logits in self.net_.forward_iter(BatchDataset(self._scaled(source), rows)):
            batch = rows[start : start + len(logits)]
            probabilities[batch] = to_probabilities(logits.double()).numpy()
            start += len(logits)
        return probabilities

    def predict(self, X):
        """Return the most probable class.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_features)
            One row an object.

        Returns
        -------
        labels : ndarray of shape (n_objects,)
            Objects that cannot be classified get the label ``"unclassified"``.

        Raises
        ------
        ObjectError
            An object cannot be classified, and the classes are not text.
        """
        probabilities = self.predict_proba(X)
        unknown = np.isnan(probabilities[:, 0])
        labels = self.classes_[np.where(np.isnan(probabilities), 0, probabilities).argmax(axis=1)]
        if not unknown.any():
            return labels
        if not all(isinstance(label, str) for label in self.classes_):
            raise ObjectError(
                f"{type(self).__name__}: rows with NaN cannot be classified, and the classes have "
                f"no place for that answer; use predict_proba",
                np.flatnonzero(unknown),
            )
        return np.where(unknown, np.array("unclassified", labels.dtype.kind), labels)

    def _validate(self, X, y=None, *, reset):
        """Return the source of batches and y, without copying numbers."""
        options = {"dtype": "numeric", "ensure_all_finite": False, "reset": reset}
        if y is None and not reset:
            return self._read(validate_data(self, X, **options)), None
        X, y = validate_data(self, X, y, **options)
        check_classification_targets(y)
        return self._read(X), y

    def _codes_and_weights(self, source, y, sample_weight):
        """Class codes, weights and the mask of objects that take part."""
        strange = np.flatnonzero(~np.isin(y, self.classes_))
        if len(strange):
            raise ValueError(
                f"{type(self).__name__}: y holds {y[strange[0]]!r}, which is not among the classes "
                f"{self.classes_.tolist()}"
            )
        codes = np.searchsorted(self.classes_, y)
        weights = _check_sample_weight(
            sample_weight, source.unusable, dtype=np.float64, ensure_non_negative=True
        )
        if self.class_weight is not None:
            weights = weights * compute_sample_weight(self.class_weight, y)
        self.n_unusable_ = int(source.unusable.sum())
        if self.n_unusable_:
            warnings.warn(
                f"{type(self).__name__}: {self.n_unusable_} of {len(y)} objects hold NaN and are "
                f"left out: rows {name_objects(np.flatnonzero(source.unusable))}",
                ObjectWarning,
                stacklevel=3,
            )
        return codes, weights, ~source.unusable & (weights > 0)

    def _hold_back(self, codes, used, groups, rng):
        if hasattr(self.validation, "split"):
            return holdout(self.validation, codes, groups, rng)
        held = np.zeros(len(codes), bool)
        groups = None if groups is None else np.asarray(groups)[used]
        held[used] = holdout(self.validation, codes[used], groups, rng)
        return held

    def _make_net(self, source, rows):
        """Learn the scale of the static columns and build the untrained net."""
        self.static_mean_, self.static_scale_ = source.static_statistics(rows)
        criterion = self.criterion or torch.nn.CrossEntropyLoss
        n_outputs = len(self.classes_)
        if self.criterion is None and n_outputs == 2:
            criterion, n_outputs = torch.nn.BCEWithLogitsLoss, 1
        options = {
            "iterator_valid__batch_size": max(512, self._batch_size()),
            "device": resolve_device(self.device),
            "verbose": 0,
        }
        if isinstance(criterion, type):
            options["criterion__reduction"] = "none"
        optimizer = self.optimizer
        self.net_ = WeightedNet(
            self._make_module(self._scaled(source), n_outputs),
            criterion=copy.deepcopy(criterion),
            optimizer=getattr(torch.optim, optimizer) if isinstance(optimizer, str) else optimizer,
            lr=self.lr,
            batch_size=self._batch_size(),
            classes=list(range(len(self.classes_))),
            **(options | (self.net_params or {})),
        ).initialize()

    def _batch_size(self):
        return -1 if self.batch_size == "all" else self.batch_size

    def _scaled(self, source):
        return source.standardise(self.static_mean_, self.static_scale_)

    def _training_callbacks(self, validated):
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        callbacks = [LearningRate(schedule), FiniteLoss(type(self).__name__)]
        callbacks += copy.deepcopy(self.callbacks or [])
        if self.verbose:
            callbacks.append(Progress())
        if validated:
            patience = self.patience or self.max_epochs + 1
            callbacks.append(
                EarlyStopping("valid_loss", patience, threshold=0, load_best=True, sink=_silent)
            )
        return callbacks

    def _train(self, sets, n_epochs, callbacks):
        """Let the net run; an interrupt keeps the epochs that are finished."""
        self._move_net()
        net = self.net_
        net.callbacks, net.max_epochs = callbacks, n_epochs
        net.initialize_callbacks()
        for group in net.optimizer_.param_groups:
            group["lr"] = self.lr
        net.partial_fit(tuple(sets))
        net.callbacks = None
        self._read_history()
        if self.n_iter_ == 0:
            raise KeyboardInterrupt

    def _read_history(self):
        epochs = [epoch for epoch in self.net_.history if "train_loss" in epoch]
        table = pd.DataFrame(
            [{name: epoch.get(name, np.nan) for name in _HISTORY} for epoch in epochs],
            columns=_HISTORY,
        )
        self.history_ = table.rename(columns={"dur": "seconds"})
        self.n_iter_ = len(table)
        loss = table["valid_loss"]
        self.best_epoch_ = int(table["epoch"][loss.idxmin()] if loss.notna().any() else len(table))

    def _move_net(self):
        device = resolve_device(self.device)
        if self.net_.device != device:
            self.net_.set_params(device=device)

    @contextmanager
    def _seeded(self, rng):
        """Seed torch for the training alone."""
        devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
        with torch.random.fork_rng(devices=devices):
            torch.manual_seed(int(rng.randint(_SEEDS)))
            yield


def _silent(*args, **kwargs):
    """Write nothing."""
