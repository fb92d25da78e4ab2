"""Convolutional networks for image stamps of candidates."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.utils._param_validation import StrOptions

from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network.inputs import Stamps
from skastro.nn import ComplexStampNet, SimpleStampNet
from skastro.utils.frames import read_dense

_ARCHITECTURES: dict[Any, Callable] = {"simple": SimpleStampNet, "complex": ComplexStampNet}


class StampCNNClassifier(BaseNetClassifier):
    """Classify candidates by their image stamps, for instance as real or bogus.

    Parameters
    ----------
    image_shape : tuple of 3 ints or None, default=(29, 29, 3)
        (height, width, channels) of the stamp in the first columns of X, flattened in this order;
        the other columns are static.  With None all columns are one row of pixels, and NaN is an
        error.

    architecture : {"simple", "complex"} or callable, default="simple"
        :class:`skastro.nn.SimpleStampNet`, :class:`skastro.nn.ComplexStampNet`, or a callable that
        takes image_shape, n_static and n_outputs and returns a torch module with
        ``forward(image, static=None)``.  Use `functools.partial` for their other parameters, such
        as the normalisation.

    augment : bool, default=True
        Whether to rotate and flip the stamps of each training batch at random, in the 8
        orientations of a square.

    average_orientations : bool, default=False
        Whether to predict the mean probability over all orientations.

    max_epochs : int, default=30
        Passes over the training objects.

    lr : float, default=1e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects per batch.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Share of every class that is held out to choose the best epoch, or a scikit-learn
        splitter whose first split is taken (`PredefinedSplit` for a split of your own), or None.
        With `groups` in `fit`, whole groups are held out.

    patience : int, default=None
        Stop after this many epochs without a lower validation loss; None runs all epochs.  The
        weights of the best epoch are kept either way, if there is a validation.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        A :class:`skastro.nn.Criterion`, or a torch loss that returns one loss per object;
        cross-entropy by default.  With a :class:`skastro.nn.HierarchicalCrossEntropy` the labels
        are nodes of its taxonomy, leaves or not, and the classes are its leaves.

    classes : array-like of str, default=None
        Labels that integers in `y` stand for, if the criterion has a taxonomy: ``np.unique(y)`` of
        the labels before another estimator encoded them, as ``VotingClassifier``,
        ``StackingClassifier``, ``CalibratedClassifierCV`` and
        ``cross_val_predict(method="predict_proba")`` do.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one and ignores NaN; standardisation by default.

    unclassified : {"nan", "prior"}, default="nan"
        Prediction for objects that cannot be classified: NaN probabilities, the label
        "unclassified" and a warning; or the class priors of the training objects.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net, such as ``{"optimizer__weight_decay": 1e-3}``.

    device : str, default="auto"
        Torch device; "auto" takes CUDA, else MPS, else the CPU.

    warm_start : bool, default=False
        Continue from the last `fit` instead of starting over.

    on_interrupt : {"raise", "keep"}, default="raise"
        What Ctrl-C does: end `fit` with KeyboardInterrupt, or keep the finished epochs and warn.

    checkpoint : str or path, default=None
        File, or existing folder for one file per training, to which the state is written after
        each epoch.  The next `fit` with the same data and parameters resumes from it.

    verbose : int, default=0
        Show a progress bar if not 0.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the training and of Monte-Carlo dropout.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels, sorted; the leaves of `taxonomy_` if the criterion has a taxonomy.

    class_prior_ : ndarray of shape (n_classes,)
        Share of each class in the training part.

    taxonomy_ : Taxonomy
        The part of the taxonomy of `criterion` that training labels reach, if it has one.

    net_ : skorch net
        The trained net; ``net_.module_`` is the torch module.

    history_ : DataFrame
        One row per epoch: epoch, train_loss, valid_loss, valid_accuracy, lr, seconds.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    n_unusable_ : int
        Number of training objects that were left out.

    scale_ : BlockScale
        Scale of the static columns.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.nn.RealBogusLoss : Cross-entropy, pairwise and virtual-adversarial loss.
    skastro.label_errors.LabelErrorFinder : Removes wrong labels, or marks them as unlabelled.

    Notes
    -----
    The label -1 marks an unlabelled object among strings, or among at least two non-negative
    integers.  Such objects take part in the virtual-adversarial loss, which requires no labels,
    and never in the validation.

    An object with NaN in its stamp is unclassified; `fit` leaves it out with a warning.

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
        image_shape: Sequence[int] | None = (29, 29, 3),
        architecture: str | Callable = "simple",
        augment: bool = True,
        average_orientations: bool = False,
        max_epochs: int = 30,
        lr: float = 1e-3,
        batch_size: int | str = 64,
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
            class_weight=class_weight,
            criterion=criterion,
            classes=classes,
            static_scaler=static_scaler,
            unclassified=unclassified,
            callbacks=callbacks,
            net_params=net_params,
            device=device,
            warm_start=warm_start,
            on_interrupt=on_interrupt,
            checkpoint=checkpoint,
            verbose=verbose,
            random_state=random_state,
        )
        self.image_shape = image_shape
        self.architecture = architecture
        self.augment = augment
        self.average_orientations = average_orientations

    def _read(self, X, *, reset):
        rows = read_dense(self, X, "stamps, flattened to rows of pixels", reset=reset)
        shape = (1, rows.shape[1], 1) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(
                f"{type(self).__name__}: image_shape must be (height, width, channels), not {shape}"
            )
        return Stamps(
            rows,
            {"image": shape},
            type(self).__name__,
            augment=self.augment and self.image_shape is not None,
            ids=getattr(X, "index", None),
            allow_nan=self.image_shape is not None,
            static_scaler=self.static_scaler,
        )

    def _module(self, source, n_outputs):
        return _ARCHITECTURES.get(self.architecture, self.architecture), {
            "image_shape": source.shapes["image"],
            "n_static": source.n_static,
            "n_outputs": n_outputs,
        }

    def _outputs(self, source, compute, **question):
        one_pass = super()._outputs
        if not self.average_orientations or self.image_shape is None:
            yield from one_pass(source, compute, **question)
            return
        passes = [one_pass(source, compute, orientation=n) for n in source.orientations]
        for parts in zip(*passes):
            yield parts[0][0], np.mean([found for _, found in parts], axis=0)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.image_shape is not None
        return tags
