"""Convolutional networks for image stamps of candidates."""

import copy

import numpy as np
import torch
from sklearn.utils._param_validation import StrOptions

from skastro.exceptions import ObjectError
from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._data import DenseRows
from skastro.neural_network._dense import DenseInputMixin
from skastro.neural_network._targets import FlatTargets, PartialTargets
from skastro.nn import ComplexStampNet, SimpleStampNet, as_criterion, orient

_LARGEST = 1e18
_ARCHITECTURES = {"simple": SimpleStampNet, "complex": ComplexStampNet}


class StampRows(DenseRows):
    """Rows of stamps, turned and mirrored at random in training, or all alike.

    Parameters are those of :class:`~skastro.neural_network._data.DenseRows`; the block is
    ``image``, of shape (height, width, channels).

    Attributes
    ----------
    augment : bool
        Whether batches for training are turned at random, with the random numbers of torch.

    orientation : int
        That of the other batches; see :func:`skastro.nn.orient`.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._stamps import StampRows
    >>> rows = StampRows(np.arange(4.0).reshape(1, 4), {"image": (2, 2, 1)}, "Example")
    >>> rows.oriented(4).take([0])["image"].flatten().tolist()
    [1.0, 0.0, 3.0, 2.0]
    """

    augment, orientation = False, 0

    def __init__(self, X, shapes, owner, *, allow_nan=True):
        super().__init__(X, shapes, owner, allow_nan=allow_nan)
        beyond = np.flatnonzero(self.largest > _LARGEST)
        if len(beyond):
            raise ObjectError(
                f"{owner}: X contains pixels beyond {_LARGEST:.0e}, whose squares float32 cannot "
                f"hold; if they mark what is missing, FillStamps replaces them",
                beyond,
            )

    @property
    def orientations(self):
        """Orientations that keep the shape: eight of a square, four of a rectangle."""
        height, width, _ = self.shapes["image"]
        return range(8) if height == width else range(0, 8, 2)

    def oriented(self, number):
        """Return a copy that gives its stamps in one orientation."""
        other = copy.copy(self)
        other.orientation = number
        return other

    def learn(self, rows, static_scaler=None):
        """Learn the scale of the static columns; stamps are normalised by the network."""
        return super().learn(rows, static_scaler) | {"limit": np.inf}

    def take(self, rows, purpose="predict"):
        """Return the tensors of `rows` (row numbers) by name."""
        batch = super().take(rows, purpose)
        images = batch["image"].movedim(-1, 1)
        if self.augment and purpose == "train":
            drawn = torch.randint(len(self.orientations), (len(images),))
            turned = torch.empty_like(images)
            for i, number in enumerate(self.orientations):
                turned[drawn == i] = orient(images[drawn == i], number)
            batch["image"] = turned.movedim(1, -1)
        elif self.orientation:
            batch["image"] = orient(images, self.orientation).movedim(1, -1)
        return batch


class StampCNNClassifier(DenseInputMixin, BaseNetClassifier):
    """Tell real from bogus, or any classes apart, by image stamps of candidates.

    Parameters
    ----------
    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamp in the first columns of X, flattened in this order;
        the other columns are static.  None: all columns are one row of pixels and NaN is an error.

    architecture : {"simple", "complex"} or callable, default="simple"
        :class:`skastro.nn.SimpleStampNet`, :class:`skastro.nn.ComplexStampNet`, or what is called
        with image_shape, n_static and n_outputs and gives a torch module with
        ``forward(image, static=None)``.  Use `functools.partial` for other parameters of these,
        such as the normalisation.

    augment : bool, default=True
        Turn and mirror the stamps of each training batch at random, in 8 orientations of a square.

    average_orientations : bool, default=False
        Answer with the mean probability of all orientations.

    max_epochs : int, default=30
        Passes over the training objects.

    lr : float, default=1e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects a step.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Part of every class that is held back to choose the best epoch, or a scikit-learn
        splitter whose first split is taken, or None.

    patience : int, default=None
        Stop after so many epochs without a lower validation loss; None runs all epochs.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        Takes logits (n, n_classes) and class codes and returns one loss an object, such as
        :class:`skastro.nn.RealBogusLoss`.  By default cross entropy.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one, NaN left alone; standardisation by default.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net, such as ``{"optimizer__momentum": 0.9}``.

    device : str, default="auto"
        Torch device; "auto" takes CUDA, else MPS, else the CPU.

    warm_start : bool, default=False
        Go on from the last `fit` instead of beginning anew.

    verbose : int, default=0
        Show a progress bar if not 0.

    random_state : int, RandomState instance or None, default=None
        Makes the training repeatable bit for bit on a CPU.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels, sorted.

    net_ : skorch.NeuralNet
        The trained net; ``net_.module_`` is the torch module.

    history_ : DataFrame
        One row an epoch: epoch, train_loss, valid_loss, valid_accuracy, lr, seconds.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    n_unusable_ : int
        Number of training objects left out because their stamp holds NaN.

    static_scaling_ : object
        Learned scale of the static columns.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.nn.RealBogusLoss : Cross-entropy, pairwise and virtual-adversarial loss.
    skastro.label_errors.LabelErrorFinder : Removes or unlabels wrong labels before.

    Notes
    -----
    A label -1 beside text, or beside two integers at least that are not negative, marks an object
    without a label.  It takes part where the criterion needs no label, in the virtual-adversarial
    loss; it is no class and never part of the validation.

    An object with NaN in its stamp cannot be classified: `fit` leaves it out with a warning,
    `predict_proba` answers NaN, `predict` answers "unclassified".

    A memory-mapped X is read in batches and never as a whole.

    References
    ----------
    .. [1] I. Takahashi et al., "Deep-learning real/bogus classification for the Tomo-e Gozen
       transient survey", PASJ 74, 946 (2022).

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import StampCNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> images, y = rng.normal(size=(80, 12, 12, 1)), np.repeat([0, 1], 40)
    >>> images[y == 1, 5:7, 5:7] += 5.0
    >>> X = images.reshape(80, -1)
    >>> model = StampCNNClassifier(image_shape=(12, 12, 1), batch_size=8, random_state=0)
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    """

    _parameter_constraints = {
        **BaseNetClassifier._parameter_constraints,
        "image_shape": [tuple, list, None],
        "architecture": [StrOptions(set(_ARCHITECTURES)), callable],
        "augment": ["boolean"],
        "average_orientations": ["boolean"],
    }

    def __init__(
        self,
        *,
        image_shape=(29, 29, 3),
        architecture="simple",
        augment=True,
        average_orientations=False,
        max_epochs=30,
        lr=1e-3,
        batch_size=64,
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
        super().__init__(
            max_epochs=max_epochs,
            lr=lr,
            batch_size=batch_size,
            optimizer=optimizer,
            schedule=schedule,
            validation=validation,
            patience=patience,
            class_weight=class_weight,
            criterion=criterion,
            static_scaler=static_scaler,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            verbose=verbose,
            random_state=random_state,
        )
        self.image_shape = image_shape
        self.architecture = architecture
        self.augment = augment
        self.average_orientations = average_orientations

    def _validate(self, X, y=None, *, reset):
        if y is None or not PartialTargets.fits(y):
            return super()._validate(X, y, reset=reset)
        source, _ = super()._validate(X, PartialTargets(y).codes(y), reset=reset)
        return source, np.asarray(y)

    def _read(self, X):
        shape = (1, X.shape[1], 1) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(
                f"{type(self).__name__}: image_shape must be (height, width, channels), not {shape}"
            )
        allow_nan = self.image_shape is not None
        rows = StampRows(X, {"image": shape}, type(self).__name__, allow_nan=allow_nan)
        rows.augment = self.augment and allow_nan
        return rows

    def _set_targets(self, labels):
        labels = np.asarray(labels)
        if as_criterion(self.criterion).taxonomy is not None:
            super()._set_targets(labels)
            return
        is_class = (labels == -1).any() and not PartialTargets.fits(labels)
        self._targets = FlatTargets(labels) if is_class else PartialTargets(labels)
        self.classes_ = self._targets.classes

    def _module(self, source, n_outputs):
        return _ARCHITECTURES.get(self.architecture, self.architecture), {
            "image_shape": source.shapes["image"],
            "n_static": 2 * source.static.shape[1],
            "n_outputs": n_outputs,
        }

    def _answer_batches(self, source, answer):
        one_pass = super()._answer_batches
        if not self.average_orientations or self.image_shape is None:
            yield from one_pass(source, answer)
            return
        passes = [one_pass(source.oriented(number), answer) for number in source.orientations]
        for parts in zip(*passes):
            yield parts[0][0], np.mean([found for _, found in parts], axis=0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.image_shape is not None
        return tags
