"""Base of the classifiers that own a skorch net."""

import copy
import warnings
from abc import ABCMeta, abstractmethod
from functools import partial
from numbers import Integral, Real

import numpy as np
import torch
from sklearn.base import BaseEstimator, ClassifierMixin, _fit_context
from sklearn.utils import check_random_state, compute_sample_weight
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight
from skorch.callbacks import EarlyStopping

from skastro.exceptions import ObjectWarning, name_objects
from skastro.neural_network._answers import AnswersMixin
from skastro.neural_network._callbacks import (
    SCHEDULES,
    FiniteLoss,
    LearningRate,
    Progress,
)
from skastro.neural_network._data import BatchDataset
from skastro.neural_network._net import (
    WeightedNet,
    history_table,
    move,
    resolve_device,
    seeded,
    train,
)
from skastro.neural_network._split import holdout
from skastro.neural_network._targets import FlatTargets, TreeTargets
from skastro.nn import as_criterion


class BaseNetClassifier(AnswersMixin, ClassifierMixin, BaseEstimator, metaclass=ABCMeta):
    """Own a skorch net: everything about training that does not depend on the network.

    A subclass says what its inputs are, ``_validate(X, y, reset=)``, which returns a source of
    batches, and which torch module reads them, ``_module(source, n_outputs)``; its ``forward``
    takes the inputs by name and returns logits: one for two classes, else one a class, or what
    the criterion works on.  Parameters and attributes are described in the subclasses.

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
        "static_scaler": [HasMethods(["fit", "transform"]), None],
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
        max_epochs=100,
        lr=2e-3,
        batch_size=32,
        optimizer="Adam",
        schedule="one_cycle",
        validation=0.1,
        patience=None,
        class_weight=None,
        criterion=None,
        static_scaler=None,
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
        self.static_scaler = static_scaler
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.warm_start = warm_start
        self.verbose = verbose
        self.random_state = random_state

    @abstractmethod
    def _validate(self, X, y=None, *, reset):
        """Return the source of batches of a checked X, and the checked y."""

    @abstractmethod
    def _module(self, source, n_outputs):
        """Return the torch module's class and its arguments for the inputs of `source`."""

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
            self._set_targets(y)
        codes, weights, used = self._codes_and_weights(source, y, sample_weight)
        self._check_two_classes(codes[used])
        rng = check_random_state(self.random_state)
        held = self._hold_back(codes, used, groups, rng)
        rows = np.flatnonzero(used & ~held), np.flatnonzero(used & held)
        with seeded(rng):
            if fresh:
                self._make_net(source, rows[0], codes, weights)
            self._warn_of_outliers(source, used)
            train_set = self._dataset(source, rows[0], codes, weights, "train")
            valid_set = self._dataset(source, rows[1], codes, weights, "valid")
            self._train(train_set, valid_set, self.max_epochs, self._callbacks(valid_set))
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
        fresh = _check_partial_fit_first_call(self, classes) or not hasattr(self, "net_")
        if self.class_weight == "balanced":
            raise ValueError(
                f"{type(self).__name__}: class_weight='balanced' is unknown in partial_fit; "
                f"pass a dict or sample_weight"
            )
        source, y = self._validate(X, y, reset=fresh)
        if fresh:
            self._set_targets(self.classes_ if classes is None else classes)
        codes, weights, used = self._codes_and_weights(source, y, sample_weight)
        if fresh or not hasattr(self, "_rng"):
            self._rng = check_random_state(self.random_state)
        with seeded(self._rng):
            if fresh:
                self._make_net(source, np.flatnonzero(used), codes, weights)
            rows = np.flatnonzero(used)
            data = self._dataset(source, rows, codes, weights, "train")
            if data is not None:
                self._train(data, None, 1, [FiniteLoss(type(self).__name__)])
        return self

    def _codes_and_weights(self, source, y, sample_weight):
        """Class codes, weights and the mask of objects that take part."""
        try:
            codes = self._targets.codes(y)
        except ValueError as error:
            raise ValueError(f"{type(self).__name__}: {error}") from None
        weights = _check_sample_weight(
            sample_weight, source.unusable, dtype=np.float64, ensure_non_negative=True, copy=True
        )
        used = ~source.unusable & (weights > 0)
        labelled = used & (codes >= 0)
        if self.class_weight is not None and labelled.any():
            weights[labelled] *= compute_sample_weight(self.class_weight, y[labelled])
        self.n_unusable_ = int(source.unusable.sum())
        if self.n_unusable_:
            warnings.warn(
                f"{type(self).__name__}: {self.n_unusable_} of {len(y)} objects hold NaN and are "
                f"left out: rows {name_objects(np.flatnonzero(source.unusable))}",
                ObjectWarning,
                stacklevel=4,
            )
        return codes, weights, used

    def _check_two_classes(self, codes):
        found = self._targets.names(np.unique(codes[codes >= 0])).tolist()
        if len(found) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes; the usable objects have "
                f"{len(found)} class: {found}"
            )

    def _hold_back(self, codes, used, groups, rng):
        if hasattr(self.validation, "split"):
            return holdout(self.validation, codes, groups, rng)
        held, labelled = np.zeros(len(codes), bool), used & (codes >= 0)
        groups = None if groups is None else np.asarray(groups)[labelled]
        held[labelled] = holdout(self.validation, codes[labelled], groups, rng)
        return held

    def _set_targets(self, labels):
        criterion = as_criterion(self.criterion)
        known = criterion.taxonomy is not None
        self._targets = TreeTargets(criterion) if known else FlatTargets(labels)
        self.classes_ = self._targets.classes

    def _warn_of_outliers(self, source, used):
        """Warn of objects that are used but changed; there are none by default."""

    def _scaled(self, source):
        return source.prepare(**{name: getattr(self, f"{name}_") for name in source.learned})

    def _dataset(self, source, rows, codes, weights, purpose):
        if len(rows) == 0:
            return None
        if purpose == "valid":
            rows = rows[np.argsort(source.lengths[rows], kind="stable")]
        source = self._scaled(source)
        return BatchDataset(source, rows, codes[rows], weights[rows], purpose=purpose)

    def _batch_size(self):
        return -1 if self.batch_size == "all" else self.batch_size

    def _make_net(self, source, rows, codes, weights):
        """Learn the scale of the inputs and build the untrained net."""
        for name, value in source.learn(rows, self.static_scaler).items():
            setattr(self, f"{name}_", value)
        criterion = as_criterion(self.criterion).learn(codes[rows], weights[rows])
        self.n_outputs_ = criterion.n_outputs(len(self.classes_))
        module, arguments = self._module(source, self.n_outputs_)
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            optimizer = getattr(torch.optim, optimizer)
        options = {
            "module": module,
            **{f"module__{name}": value for name, value in arguments.items()},
            "criterion": partial(copy.deepcopy, criterion),
            "optimizer": optimizer,
            "lr": self.lr,
            "iterator_valid__batch_size": max(512, self._batch_size()),
            "targets": self._targets,
            "predict_nonlinearity": self._targets.probabilities,
            "classes": list(range(len(self.classes_))),
            "device": resolve_device(self.device),
            "verbose": 0,
        }
        self.net_ = WeightedNet(**(options | (self.net_params or {}))).initialize()

    def _callbacks(self, valid_set):
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        callbacks = [LearningRate(schedule), FiniteLoss(type(self).__name__)]
        callbacks += copy.deepcopy(self.callbacks or [])
        if self.verbose:
            callbacks.append(Progress())
        if valid_set is not None:
            patience = self.patience or self.max_epochs + 1
            callbacks.append(
                EarlyStopping("valid_loss", patience, threshold=0, load_best=True, sink=_silent)
            )
        return callbacks

    def _train(self, train_set, valid_set, n_epochs, callbacks):
        move(self.net_, resolve_device(self.device))
        train(
            self.net_,
            train_set,
            valid_set,
            n_epochs=n_epochs,
            lr=self.lr,
            batch_size=self._batch_size(),
            callbacks=callbacks,
        )
        self.history_ = history_table(self.net_)
        self.n_iter_ = len(self.history_)
        if self.n_iter_ == 0:
            raise KeyboardInterrupt
        loss = self.history_["valid_loss"]
        best = loss.idxmin() if loss.notna().any() else self.n_iter_ - 1
        self.best_epoch_ = int(self.history_["epoch"][best])


def _silent(*args, **kwargs):
    """Write nothing."""
