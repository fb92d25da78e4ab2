"""Convolutional network for heat maps of light curves."""

from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._data import DenseRows
from skastro.neural_network._dense import DenseInputMixin
from skastro.nn import SconeCNN


class HeatmapCNNClassifier(DenseInputMixin, BaseNetClassifier):
    """Classify heat maps, wavelength by time, with SCONE's convolutional network.

    Parameters
    ----------
    image_shape : tuple of 3 ints, default=None
        (channels, n_wavelengths, n_times) of the image in the first columns of X, flattened in
        this order; the other columns are static.  By default all columns are one row of pixels
        and NaN is an error.

    module : class, default=skastro.nn.SconeCNN
        Called with image_shape, n_static and n_outputs; gives a torch module with
        ``forward(image, static=None)`` that returns logits.  Use `functools.partial` to give it
        more arguments, as ``partial(SconeCNN, dropout=(0.3, 0.3))``.

    max_epochs : int, default=100
        Passes over the training objects.

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int or "all", default=32
        Objects a step.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Part of every class that is held back to choose the best epoch, or a scikit-learn
        splitter whose first split is taken (`PredefinedSplit` for a split of one's own), or None.

    patience : int, default=None
        Stop after so many epochs without a lower validation loss; None runs all epochs.  The
        weights of the best epoch are kept either way, if there is a validation.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        Takes logits (n, n_classes) and class codes and returns one loss an object.  By default
        cross entropy; with two classes its equivalent for a single logit.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one, NaN left alone, such as a QuantileTransformer for
        heavy tails; standardisation by default.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net, such as ``{"optimizer__weight_decay": 1e-3}``.

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

    n_iter_ : int
        Number of finished epochs.

    best_epoch_ : int
        The epoch whose weights are kept, counted from 1.

    n_unusable_ : int
        Number of training objects left out because their image holds NaN.

    static_scaling_ : object
        Learned scale of the static columns.

    limit_ : float
        Pixels beyond ``-limit_..limit_`` are cut to it: 10 times the 90th percentile, over the
        training objects, of the largest absolute pixel.

    n_features_in_ : int
        Number of columns seen during `fit`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Their names, if X was a frame.

    See Also
    --------
    skastro.recipes.make_scone : The whole system, and `SCONE_PAPER`, the settings of its paper.
    skastro.nn.SconeCNN : The network.

    Notes
    -----
    Static columns (redshift, its error, brightness) are standardised; NaN is allowed there: it
    becomes 0, and every static column is followed by an input that is 1 where it was missing.
    An object with NaN in its image cannot be classified: `fit` leaves it out with a warning,
    `predict_proba` answers NaN, `predict` answers "unclassified".

    An image divided by a maximum close to zero has pixels of any size; one of them in a batch
    spoils the batch normalisation for hundreds of batches.  Hence `limit_`, which leaves images of
    supernovae alone; `fit` warns when it cuts any.

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
    >>> images = rng.normal(size=(100, 2, 8, 12)) + 2.0 * (y == "SN Ia")[:, None, None, None]
    >>> model = HeatmapCNNClassifier(image_shape=(2, 8, 12), max_epochs=20, random_state=0)
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
        image_shape=None,
        module=SconeCNN,
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
        self.module = module

    def _read(self, X):
        shape = (1, 1, X.shape[1]) if self.image_shape is None else tuple(self.image_shape)
        if len(shape) != 3 or min(shape) < 1:
            raise ValueError(
                f"{type(self).__name__}: image_shape must be (channels, n_wavelengths, n_times), "
                f"not {shape}"
            )
        allow_nan = self.image_shape is not None
        return DenseRows(X, {"image": shape}, type(self).__name__, allow_nan=allow_nan)

    def _module(self, source, n_outputs):
        return self.module, {
            "image_shape": source.shapes["image"],
            "n_static": 2 * source.static.shape[1],
            "n_outputs": n_outputs,
        }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.image_shape is not None
        return tags
