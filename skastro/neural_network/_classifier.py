"""Base of the classifiers that own a network."""

import copy
from abc import abstractmethod
from functools import partial
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import ArrayLike
from sklearn.base import _fit_context
from sklearn.utils import check_consistent_length, check_random_state, compute_sample_weight
from sklearn.utils._param_validation import HasMethods, StrOptions
from sklearn.utils.multiclass import _check_partial_fit_first_call
from sklearn.utils.validation import _check_sample_weight

from skastro.base import UNCLASSIFIED_OPTIONS
from skastro.neural_network._callbacks import FiniteLoss
from skastro.neural_network._labels import Labels, read_labels
from skastro.neural_network._net import WeightedNet
from skastro.neural_network._predictions import PredictionMixin
from skastro.neural_network._split import check_training_part, holdout
from skastro.neural_network._targets import FlatTargets, TreeTargets, trained_criterion
from skastro.neural_network._training import BaseNet
from skastro.neural_network.inputs import Source
from skastro.nn import ClassifierNet, as_criterion
from skastro.taxonomy import read_node_labels


class BaseNetClassifier(PredictionMixin, BaseNet):
    """Base class of network classifiers: everything that does not depend on X and the network.

    A subclass implements two methods.  ``_read(X, reset=)`` checks X and returns a *source*, see
    :mod:`skastro.neural_network.inputs`; ``_module(source, n_outputs)`` returns the class of the
    torch module and the arguments of its constructor.  The ``forward`` method of the module takes
    the tensors of the source by name and returns logits of shape (n_objects, n_outputs):
    `n_outputs` is 1 for two classes, else the number of classes, or what the criterion requires.
    All checks of y, weights and classes are made before either method is called.  The module
    is a :class:`skastro.nn.ClassifierNet`, or its last `torch.nn.Linear` is its output; the input
    of this layer is the embedding that `transform` returns.

    Parameters
    ----------
    max_epochs, lr, batch_size, optimizer, schedule, validation, patience
        See :class:`BaseNet`.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        Takes logits and encoded labels and returns one loss per object; cross-entropy by default.
        With a :class:`skastro.nn.HierarchicalCrossEntropy` the labels are nodes of its taxonomy.

    classes : array-like of str, default=None
        Labels that integers in `y` stand for, if the criterion has a taxonomy: ``np.unique(y)`` of
        the labels before another estimator encoded them, as ``VotingClassifier``,
        ``StackingClassifier``, ``CalibratedClassifierCV`` and
        ``cross_val_predict(method="predict_proba")`` do.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns; standardisation by default.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for objects that cannot be classified: NaN probabilities, the label
        "unclassified" and a warning; or the class priors of the training objects.

    callbacks, net_params, device, warm_start, on_interrupt, checkpoint, verbose, random_state
        See :class:`BaseNet`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted; the leaves of `taxonomy_` if the criterion has a taxonomy.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the training part.

    taxonomy_ : Taxonomy
        The part of the taxonomy of `criterion` that training labels reach, if it has one.

    n_unusable_ : int
        Number of training objects that were left out.

    n_outputs_ : int
        Number of logits.

    ignores_zero_weight : bool
        True: objects with `sample_weight` 0 change nothing in `fit`.

    See Also
    --------
    skastro.neural_network.inputs : The source protocol.
    skastro.testing.parametrize_with_checks : Checks for a subclass that reads light curves.

    Examples
    --------
    A classifier of rows of numbers with one hidden layer:

    >>> import numpy as np
    >>> import torch
    >>> from sklearn.utils.validation import validate_data
    >>> from skastro.neural_network import BaseNetClassifier
    >>> from skastro.neural_network.inputs import DenseBlocks
    >>> class Perceptron(torch.nn.Sequential):
    ...     def __init__(self, n_inputs, n_outputs):
    ...         hidden = torch.nn.Linear(n_inputs, 32)
    ...         super().__init__(hidden, torch.nn.ReLU(), torch.nn.Linear(32, n_outputs))
    ...     def forward(self, values):
    ...         return super().forward(values)
    >>> class PerceptronClassifier(BaseNetClassifier):
    ...     def _read(self, X, *, reset):
    ...         X = validate_data(self, X, dtype="numeric", reset=reset)
    ...         return DenseBlocks(X, {"values": X.shape[1:]}, type(self).__name__)
    ...     def _module(self, source, n_outputs):
    ...         (n_inputs,) = source.shapes["values"]
    ...         return Perceptron, {"n_inputs": n_inputs, "n_outputs": n_outputs}
    >>> y = np.repeat(["Ia", "II"], 30)
    >>> X = np.random.default_rng(0).normal(size=(60, 4)) + (y == "Ia")[:, None]
    >>> model = PerceptronClassifier(max_epochs=20, lr=1e-2, random_state=0).fit(X, y)
    >>> model.score(X, y) > 0.8
    True
    >>> model.transform(X).shape
    (60, 32)
    """

    ignores_zero_weight = True

    _parameter_constraints = {
        **BaseNet._parameter_constraints,
        "class_weight": [StrOptions({"balanced"}), dict, None],
        "criterion": [callable, None],
        "classes": ["array-like", None],
        "static_scaler": [HasMethods(["fit", "transform"]), None],
        "unclassified": UNCLASSIFIED_OPTIONS,
    }

    def __init__(
        self,
        *,
        max_epochs: int = 100,
        lr: float = 2e-3,
        batch_size: int | str = 32,
        optimizer: str | type = "Adam",
        schedule: Any = "one_cycle",
        validation: Any = 0.1,
        patience: int | None = None,
        class_weight: str | dict | None = None,
        criterion: Any = None,
        classes: ArrayLike | None = None,
        static_scaler: Any = None,
        unclassified: str = "nan",
        callbacks: list | None = None,
        net_params: dict | None = None,
        device: str = "auto",
        warm_start: bool = False,
        on_interrupt: str = "raise",
        checkpoint: Any = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        super().__init__(
            max_epochs=max_epochs,
            lr=lr,
            batch_size=batch_size,
            optimizer=optimizer,
            schedule=schedule,
            validation=validation,
            patience=patience,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            on_interrupt=on_interrupt,
            checkpoint=checkpoint,
            verbose=verbose,
            random_state=random_state,
        )
        self.class_weight = class_weight
        self.criterion = criterion
        self.classes = classes
        self.static_scaler = static_scaler
        self.unclassified = unclassified

    @abstractmethod
    def _module(self, source: Source, n_outputs: int) -> tuple[Any, dict[str, Any]]:
        """Return the class of the torch module and the arguments of its constructor."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        sample_weight: ArrayLike | None = None,
        groups: ArrayLike | None = None,
    ) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.  A memory-mapped array is not copied.

        y : array-like of shape (n_objects,)
            Class labels of one type.  A Series must have the index of X.  -1 marks an unlabelled
            object among strings, or among two non-negative integers or more; such objects are used
            only if the criterion requires no label.

        sample_weight : array-like of shape (n_objects,), default=None
            Weights in the loss of training and validation.  Objects of weight 0 are ignored.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group go to training or to validation together.

        Returns
        -------
        self : object

        Raises
        ------
        ValueError
            Labels that are missing, continuous or of several types, infinite values, fewer than
            two classes in the training part, shapes that do not fit, a training that diverged.

        Warns
        -----
        ObjectWarning
            Objects that cannot be used are left out.

        UserWarning
            A class or a node of the taxonomy has no training objects, or `y` holds synonyms of
            nodes.
        """
        labels = read_labels(X, y, type(self).__name__)
        source = self._read(X, reset=self._starts_anew())
        weights, used = self._weights(X, source, sample_weight)
        if self._starts_anew():
            self._set_targets(labels, used & labels.known)
        codes = self._codes(labels, used)
        self._check_two_classes(codes)
        self._apply_class_weight(weights, labels, used)
        rng = self._begin(source, codes, weights, groups)
        held = self._hold_out(X, codes, used, groups, rng)
        check_training_part(codes, held, self._targets, type(self).__name__)
        train, valid = np.flatnonzero(used & ~held), np.flatnonzero(used & held & labels.known)
        self._fit_net(source, train, valid, rng, codes=codes, weights=weights)
        self._finish(codes[train], rng)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def partial_fit(
        self,
        X: Any,
        y: ArrayLike,
        classes: ArrayLike | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> Self:
        """Train one more epoch at the learning rate `lr`, without validation.

        Parameters
        ----------
        X : array-like or frame of n_objects rows
            Objects.

        y : array-like of shape (n_objects,)
            Class labels.

        classes : array-like of shape (n_classes,), default=None
            All classes that can occur; required in the first call.

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
        labels = read_labels(X, y, type(self).__name__)
        source = self._read(X, reset=fresh)
        weights, used = self._weights(X, source, sample_weight)
        if fresh:
            named = np.asarray(self.classes_ if classes is None else classes)
            self._set_targets(Labels(named, np.ones(len(named), bool)), None)
        codes = self._codes(labels, used)
        self._apply_class_weight(weights, labels, used)
        if fresh or not hasattr(self, "_rng"):
            self._rng = check_random_state(self.random_state)
        rows = np.flatnonzero(used)
        train_set = self._prepare(source, rows, self._rng, codes, weights, fresh)
        if len(rows):
            self._run(train_set, None, 1, [FiniteLoss(type(self).__name__)])
        if fresh:
            self._finish(codes[rows], check_random_state(self.random_state))
        return self

    def _weights(self, X, source, sample_weight):
        """Weights and the mask of the objects that are used."""
        weights = _check_sample_weight(
            sample_weight, source.lengths, dtype=np.float64, ensure_non_negative=True, copy=True
        )
        self.n_unusable_ = int(source.unusable.sum())
        if self.n_unusable_:
            self._warn_of_unusable(X, source, "left out of the training")
        return weights, ~source.unusable & (weights > 0)

    def _set_targets(self, labels, used):
        """Find the classes; `used` are the objects whose labels count, all if None."""
        self._criterion = as_criterion(self.criterion)
        if self._criterion.taxonomy is None:
            self._targets = FlatTargets(labels.named)
        else:
            name = type(self).__name__
            values = labels.values if used is None else labels.values[used]
            named = read_node_labels(values, self._criterion.taxonomy, self.classes, name)
            if used is not None:
                self._criterion = trained_criterion(self._criterion, named, name)
            self._targets = TreeTargets(self._criterion, named)
            self.taxonomy_ = self._targets.taxonomy
        self.classes_ = self._targets.classes

    def _codes(self, labels, used):
        """Return encoded labels, -1 for objects that are unlabelled or ignored."""
        codes, named = np.full(len(used), -1, np.int64), used & labels.known
        codes[named] = self._targets.codes(labels.values[named], type(self).__name__)
        return codes

    def _naming(self, function, *arguments):
        """Call a function and let its errors name the estimator."""
        try:
            return function(*arguments)
        except ValueError as error:
            if str(error).startswith(type(self).__name__):
                raise
            raise ValueError(f"{type(self).__name__}: {error}") from None

    def _apply_class_weight(self, weights, labels, used):
        counted = used & labels.known
        if self.class_weight is not None and counted.any():
            weights[counted] *= compute_sample_weight(self.class_weight, labels.values[counted])

    def _hold_out(self, X, codes, used, groups, rng):
        check_consistent_length(X, groups)
        if hasattr(self.validation, "split"):
            return self._naming(holdout, self.validation, codes, groups, rng)
        held, labelled = np.zeros(len(codes), bool), used & (codes >= 0)
        groups = None if groups is None else np.asarray(groups)[labelled]
        held[labelled] = self._naming(holdout, self.validation, codes[labelled], groups, rng)
        return held

    def _check_two_classes(self, codes):
        known = self._targets.names(np.unique(codes[codes >= 0])).tolist()
        if len(known) < 2:
            raise ValueError(
                f"{type(self).__name__} needs at least 2 classes; the usable objects have "
                f"{len(known)} class: {known}"
            )

    def _finish(self, codes, rng):
        self.class_prior_ = self._targets.prior(codes[codes >= 0])
        self._dropout_seed = int(rng.randint(2**31 - 1))

    def _make_net(self, source, codes, weights):
        criterion = self._criterion.learn(codes, weights)
        self.n_outputs_ = criterion.n_outputs(len(self.classes_))
        module, arguments = self._module(source, self.n_outputs_)
        options = {
            "module": module,
            **{f"module__{name}": value for name, value in arguments.items()},
            "criterion": partial(copy.deepcopy, criterion),
            **self._skorch_options(),
            "targets": self._targets,
            "predict_nonlinearity": self._targets.probabilities,
            "classes": list(range(len(self.classes_))),
        }
        return WeightedNet(**(options | (self.net_params or {})))

    def _last_layer(self):
        if isinstance(self.net_.module_, ClassifierNet):
            return self.net_.module_.output
        layers = [m for m in self.net_.module_.modules() if isinstance(m, torch.nn.Linear)]
        if not layers:
            raise TypeError(
                f"{type(self).__name__}: an embedding requires a module whose last layer is a "
                f"torch.nn.Linear"
            )
        return layers[-1]

    @property
    def _n_features_out(self) -> int:
        return self._last_layer().in_features

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.transformer_tags.preserves_dtype = []
        return tags
