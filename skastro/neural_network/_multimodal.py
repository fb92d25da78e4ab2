"""Networks with several inputs, any of which an object may lack."""

import math

import numpy as np
import torch

from skastro.exceptions import ObjectError
from skastro.neural_network._base import BaseNetClassifier
from skastro.neural_network._data import DenseRows
from skastro.neural_network._dense import DenseInputMixin
from skastro.nn import FusionNet

_CHUNK_VALUES = 2**18


class MultimodalRows(DenseRows):
    """Rows of several inputs as named tensors; an input that is all NaN is missing.

    Parameters
    ----------
    X : ndarray of shape (n_rows, n_columns)
        The flattened inputs in the order of `shapes`, then static columns.

    shapes : dict of str -> tuple of int
        Name and shape of each input.

    owner : str
        Begin of error messages.

    Attributes
    ----------
    present : ndarray of bool of shape (n_rows, n_inputs)
        Which inputs each object has.

    Raises
    ------
    ObjectError
        NaN in a part of an input.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network._multimodal import MultimodalRows
    >>> X = np.array([[1.0, 2.0, 3.0], [np.nan, np.nan, 4.0]])
    >>> MultimodalRows(X, {"a": (2,), "b": (1,)}, "Example").present.tolist()
    [[True, True], [False, True]]
    """

    def __init__(self, X, shapes, owner):
        super().__init__(X, shapes, owner)
        self.present = np.ones((len(X), len(shapes)), bool)
        for rows in _chunks(np.flatnonzero(self.unusable), self.edges[-1]):
            missing = np.isnan(X[rows, : self.edges[-1]])
            for i, (name, part) in enumerate(zip(shapes, np.split(missing, self.edges[1:-1], 1))):
                partly = part.any(axis=1) & ~part.all(axis=1)
                if partly.any():
                    raise ObjectError(
                        f"{owner}: Input X contains NaN in a part of the input {name!r}; an input "
                        f"is missing if all of it is NaN",
                        rows[partly],
                    )
                self.present[rows, i] = ~part.all(axis=1)
        self.unusable = ~self.present.any(axis=1)

    def learn(self, rows, static_scaler=None):
        """Learn the scale of static columns; no limit of the inputs, which differ in scale."""
        return super().learn(rows, static_scaler) | {"limit": np.inf}

    def take(self, rows, purpose="predict"):
        """Return the tensors of `rows` by name, zeros for missing inputs, and ``present``."""
        batch = super().take(rows, purpose)
        present = self.present[rows]
        for i, name in enumerate(self.shapes):
            if not present[:, i].all():
                batch[name] = torch.nan_to_num(batch[name])
        return batch | {"present": torch.from_numpy(present.astype(np.float32))}


def _chunks(rows, width):
    step = max(1, _CHUNK_VALUES // max(width, 1))
    return [rows[start : start + step] for start in range(0, len(rows), step)]


class MultimodalClassifier(DenseInputMixin, BaseNetClassifier):
    """Classify objects by several inputs together: spectra, light curves, dm-dt maps, numbers.

    Each input goes through an encoder of its own; the codes side by side, with indicators of the
    inputs that an object has, give the classes.

    Parameters
    ----------
    inputs : dict of str -> tuple of int, default=None
        Name and shape of each input in the order of the columns of X, flattened; the other columns
        are static.  By default all columns are one input without missing values.

    encoders : dict of str -> str or callable, default=None
        Encoder of each input: ``"mlp"``, ``"conv1d"``, ``"conv2d"``, ``"rnn"``, or a callable
        that takes the shape, such as `functools.partial` of one of :mod:`skastro.nn`.  By default
        what fits the number of dimensions.

    module : class, default=skastro.nn.FusionNet
        Called with inputs, encoders, n_static and n_outputs.

    max_epochs : int, default=50
        Number of epochs.

    lr : float, default=2e-3
        Largest learning rate.

    batch_size : int or "all", default=32
        Objects a batch.

    optimizer : str or torch optimizer class, default="Adam"
        Name in `torch.optim`, or the class.

    schedule : {"one_cycle", "cosine", "constant"} or callable, default="one_cycle"
        Factor of the learning rate over the training.

    validation : float, splitter or None, default=0.1
        Part of the training objects that is held back to choose the best epoch; by whole groups
        where `fit` gets groups, as it should for several spectra of one supernova.

    patience : int, default=None
        Epochs without a better validation loss before the training stops.

    class_weight : "balanced", dict or None, default=None
        Weights of the classes in the loss.

    criterion : torch loss, class or instance, default=None
        As in :class:`HeatmapCNNClassifier`; a :class:`skastro.nn.HierarchicalCrossEntropy` makes
        the labels nodes of its taxonomy.

    static_scaler : scikit-learn transformer, default=None
        Scales the static columns one by one; standardisation by default.

    callbacks : list of skorch callbacks, default=None
        Copies of them are called during `fit`.

    net_params : dict, default=None
        Further parameters of the skorch net.

    device : str, default="auto"
        ``"cpu"``, ``"cuda"``, ``"mps"``, or whichever there is.

    warm_start : bool, default=False
        Go on from the last `fit`.

    verbose : int, default=0
        Above 0, show a progress bar.

    random_state : int, RandomState instance or None, default=None
        Seed.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        Class labels.

    net_ : skorch net
        The trained net.

    history_ : DataFrame
        One row an epoch.

    best_epoch_, n_iter_ : int
        Epoch whose weights are kept; number of epochs run.

    n_features_in_, feature_names_in_ : int, ndarray of str
        Columns seen during `fit`.

    See Also
    --------
    skastro.hierarchy.ParallelBinaryClassifier : One such network a label, as CCSNscore.
    DeepEnsembleClassifier : Mean of several networks.

    Notes
    -----
    An input whose values are all NaN is missing: its code is zero.  An object without any input
    cannot be classified: `predict_proba` answers NaN.

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
    }

    def __init__(
        self,
        *,
        inputs=None,
        encoders=None,
        module=FusionNet,
        max_epochs=50,
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
        self.inputs = inputs
        self.encoders = encoders
        self.module = module

    def _read(self, X):
        name = type(self).__name__
        if self.inputs is None:
            return DenseRows(X, {"input": (X.shape[1],)}, name, allow_nan=False)
        shapes = {key: tuple(shape) for key, shape in self.inputs.items()}
        strange = [key for key, shape in shapes.items() if not shape or math.prod(shape) < 1]
        if strange or not shapes:
            raise ValueError(f"{name}: inputs need a name and a shape each, not {self.inputs}")
        return MultimodalRows(X, shapes, name)

    def _module(self, source, n_outputs):
        return self.module, {
            "inputs": source.shapes,
            "encoders": self.encoders,
            "n_static": 2 * source.static.shape[1],
            "n_outputs": n_outputs,
        }

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.inputs is not None
        return tags
