"""Networks with several inputs, any of which may be missing."""

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from sklearn.base import clone
from sklearn.frozen import FrozenEstimator
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network.inputs import DenseBlocks, MultimodalBlocks
from skastro.nn import FusionNet
from skastro.utils.frames import read_dense


class MultimodalClassifier(BaseNetClassifier):
    """Classify objects by several inputs together: spectra, light curves, dm-dt maps, numbers.

    Each input has its own encoder.  The classes are predicted from all embeddings together and
    from indicators of the inputs that an object has.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; the other columns
        are static.  By default all columns are one input without missing values.

    encoders : dict of str -> str or callable, default=None
        Encoder of each input: ``"mlp"``, ``"conv1d"``, ``"conv2d"``, ``"rnn"``, or a callable
        that takes the shape, such as `functools.partial` of one of :mod:`skastro.nn`.  The default
        follows from the number of dimensions.

    module : class, default=skastro.nn.FusionNet
        Called with inputs, encoders, n_static and n_outputs.

    pretrained : MultimodalAutoencoder, default=None
        The encoder starts from that of this auto-encoder, which is first trained on the objects
        of `fit`.  Inside a `sklearn.frozen.FrozenEstimator` it is used without further training;
        it was trained on other objects, with or without labels.  `inputs` and `encoders` must be
        the same in both.

    max_epochs : int, default=50
        Passes over the training objects.

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int or "all", default=32
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

    pretrained_ : MultimodalAutoencoder
        The auto-encoder, if there is one.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.hierarchy.ParallelBinaryClassifier : One such network per label, as in CCSNscore.
    DeepEnsembleClassifier : Mean of several networks.
    MultimodalAutoencoder : Learns the encoders without labels.

    Notes
    -----
    An input whose values are all NaN is missing: its embedding is zero.  An object without any
    input is unclassified.

    References
    ----------
    .. [1] Y. Sharma et al., "CCSNscore", arXiv:2412.08601.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import MultimodalClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["Ia", "II"], 40)
    >>> spectrum = rng.normal(size=(80, 32)) + (y == "Ia")[:, None]
    >>> dmdt = rng.normal(size=(80, 64))
    >>> dmdt[::3] = np.nan
    >>> inputs = {"spectrum": (1, 32), "dmdt": (1, 8, 8)}
    >>> model = MultimodalClassifier(inputs=inputs, max_epochs=15, random_state=0)
    >>> X = np.hstack([spectrum, dmdt])
    >>> model.fit(X, y).score(X, y) > 0.9
    True
    >>> model.predict_proba_samples(X, n_samples=4).shape
    (4, 80, 2)
    """

    _parameter_constraints = {
        **BaseNetClassifier._parameter_constraints,
        "inputs": [dict, None],
        "encoders": [dict, None],
        "module": [callable],
        "pretrained": [HasMethods(["fit", "transform"]), None],
    }

    def __init__(
        self,
        *,
        inputs: Mapping[str, tuple[int, ...]] | None = None,
        encoders: Mapping[str, str | Callable] | None = None,
        module: Callable = FusionNet,
        pretrained: Any = None,
        max_epochs: int = 50,
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
        self.inputs = inputs
        self.encoders = encoders
        self.module = module
        self.pretrained = pretrained

    def _read(self, X, *, reset):
        source = read_blocks(self, X, self.inputs, reset=reset, static_scaler=self.static_scaler)
        if reset and self.pretrained is not None:
            self._pretrain(X)
        return source

    def _pretrain(self, X):
        is_frozen = isinstance(self.pretrained, FrozenEstimator)
        encoder = self.pretrained.estimator if is_frozen else self.pretrained
        name = type(self).__name__
        if not hasattr(encoder, "inputs"):
            raise ValueError(
                f"{name}: pretrained must be a MultimodalAutoencoder, not {type(encoder).__name__}"
            )
        if encoder.inputs != self.inputs:
            raise ValueError(
                f"{name}: inputs={self.inputs}, but those of the auto-encoder are {encoder.inputs}"
            )
        if is_frozen:
            check_is_fitted(encoder)
        self.pretrained_ = encoder if is_frozen else clone(encoder).fit(X)

    def _after_building(self):
        if self.pretrained is None:
            return
        try:
            self.net_.module_.encoders.load_state_dict(
                self.pretrained_.net_.module_.encoders.state_dict()
            )
        except RuntimeError as error:
            raise ValueError(
                f"{type(self).__name__}: the encoders of the auto-encoder have other shapes: "
                f"{error}"
            ) from None

    def _module(self, source, n_outputs):
        return self.module, {
            "inputs": source.shapes,
            "encoders": self.encoders,
            "n_static": source.n_static,
            "n_outputs": n_outputs,
        }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.inputs is not None
        return tags


def read_blocks(
    estimator: Any,
    X: Any,
    inputs: Mapping[str, tuple[int, ...]] | None,
    *,
    reset: bool,
    static_scaler: Any = None,
) -> DenseBlocks:
    """Return the source of rows of several inputs, after all checks.

    Raises
    ------
    ValueError, ObjectError
        Inputs without name or shape, rows of another length, infinite values, or NaN in a part of
        an input.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import MultimodalClassifier
    >>> from skastro.neural_network._multimodal import read_blocks
    >>> inputs = {"a": (1, 2), "b": (1,)}
    >>> model = MultimodalClassifier(inputs=inputs)
    >>> read_blocks(model, np.ones((3, 4)), inputs, reset=True).n_static
    2
    """
    rows = read_dense(estimator, X, "rows of numbers", reset=reset)
    name = type(estimator).__name__
    shared = {"ids": getattr(X, "index", None), "static_scaler": static_scaler}
    if inputs is None:
        shape = {"input": (rows.shape[1],)}
        return DenseBlocks(rows, shape, name, allow_nan=False, clip=True, **shared)
    shapes = {key: tuple(shape) for key, shape in inputs.items()}
    if not shapes or any(not shape or math.prod(shape) < 1 for shape in shapes.values()):
        raise ValueError(f"{name}: inputs need a name and a shape each, not {inputs}")
    return MultimodalBlocks(rows, shapes, name, **shared)
