"""Auto-encoder of dense rows with several inputs."""

import math
from collections.abc import Callable, Mapping
from numbers import Integral, Real
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import ClassNamePrefixFeaturesOutMixin, TransformerMixin, _fit_context
from sklearn.utils._param_validation import Interval
from sklearn.utils.validation import check_is_fitted

from skastro.exceptions import ObjectError
from skastro.neural_network._multimodal import read_blocks
from skastro.neural_network._net import MaskedNet
from skastro.neural_network._split import random_split
from skastro.neural_network._training import BaseNet
from skastro.neural_network.inputs import MaskedBlocks
from skastro.nn import FusionNet, SequenceLoss


class MultimodalAutoencoder(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseNet):
    """Learn embeddings of rows of several inputs without labels, such as those of spectra.

    In training, stretches of each input are hidden and the others get noise; the network returns
    all values.  Its encoders are where those of a :class:`MultimodalClassifier` start, with
    ``pretrained=``; `transform` returns embeddings for any other classifier.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; later columns
        are left out.  By default all columns are one input without missing values.

    encoders : dict of str -> str or callable, default=None
        Encoder of each input: ``"mlp"``, ``"conv1d"``, ``"conv2d"``, ``"rnn"``, or a callable
        that takes the shape, such as `functools.partial` of one of :mod:`skastro.nn`.  The default
        follows from the number of dimensions.

    module : class, default=skastro.nn.FusionNet
        Called with inputs, encoders, n_static and n_outputs.

    hidden : float, default=0.5
        Share of each input that is hidden.

    stretch : int, default=16
        Values that are hidden together.

    noise : float, default=0.1
        Standard deviation of the noise, in units of that of each value.

    max_epochs : int, default=30
        Passes over the training objects.

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int or "all", default=64
        Objects per batch.

    optimizer : str or class, default="Adam"
        Name of a class in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Course of the learning rate; a callable maps the finished part of the training, 0 to 1,
        to a factor of `lr`.

    validation : float, splitter or None, default=0.1
        Share of the objects that is held out to choose the best epoch, or a scikit-learn
        splitter whose first split is taken, or None.

    patience : int, default=None
        Stop after this many epochs without a lower validation loss; None runs all epochs.  The
        weights of the best epoch are kept either way, if there is a validation.

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
    net_ : skorch net
        The trained net; ``net_.module_`` is the torch module.

    history_ : DataFrame
        One row per epoch: epoch, train_loss, valid_loss, lr, seconds.  The loss is the mean
        squared error in units of the variance of each value.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    scale_ : MaskedScale
        Standard deviation of each value.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    TransformerAutoencoder : For light curves.

    References
    ----------
    .. [1] K. He et al., "Masked autoencoders are scalable vision learners", CVPR 2022,
       arXiv:2111.06377.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import MultimodalAutoencoder
    >>> rng = np.random.default_rng(0)
    >>> X = np.sin(np.linspace(0, 6, 64) + rng.uniform(0, 6, (80, 1))).astype(np.float32)
    >>> encoder = MultimodalAutoencoder(inputs={"spec": (1, 64)}, max_epochs=20, random_state=0)
    >>> encoder.fit(X).transform(X).shape
    (80, 64)
    >>> bool(np.mean((encoder.reconstruct(X) - X) ** 2) < 0.5 * X.var())
    True
    """

    _parameter_constraints = {
        **BaseNet._parameter_constraints,
        "inputs": [dict, None],
        "encoders": [dict, None],
        "module": [callable],
        "hidden": [Interval(Real, 0, 1, closed="left")],
        "stretch": [Interval(Integral, 1, None, closed="left")],
        "noise": [Interval(Real, 0, None, closed="left")],
    }

    def __init__(
        self,
        *,
        inputs: Mapping[str, tuple[int, ...]] | None = None,
        encoders: Mapping[str, str | Callable] | None = None,
        module: Callable = FusionNet,
        hidden: float = 0.5,
        stretch: int = 16,
        noise: float = 0.1,
        max_epochs: int = 30,
        lr: float = 2e-3,
        batch_size: int | str = 64,
        optimizer: str | type = "Adam",
        schedule: Any = "one_cycle",
        validation: Any = 0.1,
        patience: int | None = None,
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
        self.inputs = inputs
        self.encoders = encoders
        self.module = module
        self.hidden = hidden
        self.stretch = stretch
        self.noise = noise

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Train the network.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows; those without any input are left out.

        y : ignored
            Present for API consistency.

        Returns
        -------
        self : object

        Raises
        ------
        ObjectError
            No object has an input, or an input has gaps.
        """
        source = self._read(X, reset=self._starts_anew())
        rows = np.flatnonzero(~source.unusable)
        if len(rows) == 0:
            raise ObjectError(f"{type(self).__name__}: no object has an input", source.dense.ids)
        rng = self._begin(source)
        train, valid = random_split(self.validation, rows, rng)
        self._fit_net(source, train, valid, rng)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Return the embeddings.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows.

        Returns
        -------
        embeddings : ndarray of shape (n_objects, n_embedding), dtype float32
            NaN for objects without an input.
        """
        return self._compute(X, self._embed, self._n_features_out)

    def reconstruct(self, X: Any) -> NDArray[np.float32]:
        """Return the rows as the network reconstructs them, also inputs that are missing.

        Parameters
        ----------
        X : array-like of shape (n_objects, n_columns)
            Rows.

        Returns
        -------
        rows : ndarray of shape (n_objects, n_values), dtype float32
            NaN for objects without an input.
        """
        check_is_fitted(self)
        width = self.scale_.deviation.astype(np.float32)
        return width * self._compute(X, self._returned, len(width))

    def _compute(self, X, compute, n_columns):
        check_is_fitted(self)
        source = self._read(X, reset=False).scaled(self.scale_)
        found = np.full((len(source), n_columns), np.nan, np.float32)
        for objects, values in self._outputs(source, compute, truth=False):
            found[objects] = values
        return found

    def _returned(self, inputs, objects):
        return self._forward(inputs).numpy()

    def _embed(self, inputs, objects):
        module = self.net_.module_.eval()
        with torch.no_grad():
            inputs = {name: tensor.to(self.net_.device) for name, tensor in inputs.items()}
            return module.embed(**inputs).cpu().numpy()

    def _read(self, X, *, reset):
        options = {"hidden": self.hidden, "stretch": self.stretch, "noise": self.noise}
        return MaskedBlocks(read_blocks(self, X, self.inputs, reset=reset), **options)

    def _make_net(self, source, codes, weights):
        shapes = source.dense.shapes
        options = {
            "module": self.module,
            "module__inputs": shapes,
            "module__encoders": self.encoders,
            "module__n_static": 0,
            "module__n_outputs": sum(math.prod(shape) for shape in shapes.values()),
            "criterion": SequenceLoss,
            **self._skorch_options(),
            "classes": [0],
        }
        return MaskedNet(**(options | (self.net_params or {})))

    def _record(self):
        super()._record()
        self.history_ = self.history_.drop(columns="valid_accuracy")

    @property
    def _n_features_out(self):
        return self.net_.module_.n_embedding

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.inputs is not None
        tags.transformer_tags.preserves_dtype = ["float32"]
        return tags
