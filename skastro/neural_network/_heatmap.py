"""Convolutional network for heat maps of light curves."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from skastro.neural_network._classifier import BaseNetClassifier
from skastro.neural_network.inputs import DenseBlocks
from skastro.nn import SconeCNN
from skastro.utils.frames import read_dense


class HeatmapCNNClassifier(BaseNetClassifier):
    """Classify heat maps, wavelength by time, with SCONE's convolutional network.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=None
        (height, width, channels) of the image in the first columns of X, flattened in this order;
        for heat maps (n_wavelengths, n_times, 2).  The other columns are static.  By default all
        columns are one row of pixels and NaN is an error.

    module : class, default=skastro.nn.SconeCNN
        Called with image_shape, n_static and n_outputs; returns a torch module
        with ``forward(image, static=None)`` that returns logits.  Use `functools.partial` for
        further arguments, such as ``partial(SconeCNN, dropout=(0.3, 0.3))``.

    max_epochs : int, default=100
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
        Scale of the static columns, and the limit at which pixels are clipped: 10 times the 90th
        percentile, over the training objects, of the largest absolute pixel.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.recipes.make_scone : The whole system, and `SCONE_PAPER`, the settings of its paper.
    skastro.nn.SconeCNN : The network.

    Notes
    -----
    Static columns (redshift, its error, brightness) are standardised; NaN is allowed there: it
    becomes 0, and every static column is followed by an input that is 1 where it was missing.
    An object with NaN in its image cannot be classified; `fit` leaves it out with a warning.

    An image divided by a maximum close to zero has pixels of any size; one such pixel spoils the
    batch normalisation for hundreds of batches.  The limit prevents this and does not affect images
    of supernovae; `fit` warns when it clips any.

    References
    ----------
    .. [1] H. Qu, M. Sako, A. Moller, C. Doux, AJ 162, 67 (2021), arXiv:2106.04370.
    .. [2] H. Qu, M. Sako, AJ 163, 57 (2022), arXiv:2111.05539.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import HeatmapCNNClassifier
    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["SN Ia", "SN II"], 50)
    >>> images = rng.normal(size=(100, 8, 12, 2)) + 2.0 * (y == "SN Ia")[:, None, None, None]
    >>> model = HeatmapCNNClassifier(image_shape=(8, 12, 2), max_epochs=20, random_state=0)
    >>> model.fit(images.reshape(100, -1), y).score(images.reshape(100, -1), y) > 0.9
    True
    """

    _parameter_constraints = {
        **BaseNetClassifier._parameter_constraints,
        "image_shape": [tuple, list, None],
        "module": [callable],
    }

    def __init__(
        self,
        *,
        image_shape: Sequence[int] | None = None,
        module: Callable = SconeCNN,
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
        self.module = module

    def _read(self, X, *, reset):
        rows = read_dense(self, X, "rows of numbers, such as heat maps", reset=reset)
        shape = (1, rows.shape[1], 1) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(
                f"{type(self).__name__}: image_shape must be (height, width, channels), not {shape}"
            )
        return DenseBlocks(
            rows,
            {"image": shape},
            type(self).__name__,
            ids=getattr(X, "index", None),
            allow_nan=self.image_shape is not None,
            static_scaler=self.static_scaler,
            clip=True,
        )

    def _module(self, source, n_outputs):
        return self.module, {
            "image_shape": source.shapes["image"],
            "n_static": source.n_static,
            "n_outputs": n_outputs,
        }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.image_shape is not None
        return tags
