"""The skorch net inside every network of skastro."""

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pandas as pd
import torch
from numpy.typing import NDArray
from skorch import NeuralNetClassifier
from skorch.callbacks import EarlyStopping, EpochTimer, PassthroughScoring

from skastro.neural_network._callbacks import ValidAccuracy
from skastro.neural_network._random import OwnGenerator
from skastro.neural_network.inputs import BatchDataset, BatchIterator

_TRUTH = ("target", "weight", "sample_weight")
# The largest asinh of a flux in float32.
_LARGEST_HEIGHT = 80.0
_HISTORY = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "lr", "dur"]


class WeightedNet(NeuralNetClassifier):
    """A skorch net with weighted batches and separate training and validation sets.

    It is trained by ``partial_fit((train, valid))`` with two
    :class:`~skastro.neural_network.inputs.BatchDataset`; `valid` may be None.  The criterion
    is a :class:`skastro.nn.Criterion`; the loss of a batch is the mean of weight times loss.  A
    module may return several predictions per object, logits of shape (n_objects, n_positions,
    n_outputs): their losses are averaged.  `targets` defines the meaning of the logits.  Random
    numbers come from the attribute `randomness` while it is set.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import WeightedNet
    >>> WeightedNet(torch.nn.Identity).iterator_train.__name__
    'BatchIterator'
    """

    randomness: OwnGenerator | None = None

    def __init__(
        self,
        module: type[torch.nn.Module] | Callable,
        *args: Any,
        iterator_train: type = BatchIterator,
        iterator_valid: type = BatchIterator,
        iterator_train__shuffle: bool = True,
        train_split: None = None,
        targets: Any = None,
        **kwargs: Any,
    ):
        super().__init__(
            module,
            *args,
            iterator_train=iterator_train,
            iterator_valid=iterator_valid,
            iterator_train__shuffle=iterator_train__shuffle,
            train_split=train_split,
            **kwargs,
        )
        self.targets = targets

    @property
    def _default_callbacks(self):
        return [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
            ("valid_accuracy", ValidAccuracy()),
        ]

    def initialize_for_prediction(self):
        """Initialize everything except the optimizer, whose first use imports much of torch."""
        self._initialize_virtual_params()
        self._initialize_callbacks()
        self._initialize_module()
        self._initialize_criterion()
        self._initialize_history()
        self.initialized_ = True
        return self

    def check_data(self, X, y=None):
        """Do nothing: the estimator has checked the data."""

    def get_split_datasets(self, X, y=None, **fit_params):
        """Return the pair (train, valid) that `X` is."""
        return X

    def partial_fit(self, X, y=None, classes=None, epochs=None, **fit_params):
        """Run some epochs; unlike in skorch, only early stopping ends them without an error."""
        self.notify("on_train_begin", X=X, y=y)
        try:
            self.fit_loop(X, y, epochs=epochs)
        except KeyboardInterrupt as error:
            if not _stopped_early(error):
                raise
        finally:
            self.notify("on_train_end", X=X, y=y)
        return self

    def train_step_single(self, batch, **fit_params):
        """Compute loss and gradient of a batch with random numbers from its own generator."""
        with self.randomness or nullcontext():
            return super().train_step_single(batch, **fit_params)

    def validation_step(self, batch, **fit_params):
        """Compute the loss of a validation batch."""
        with self.randomness or nullcontext():
            return super().validation_step(batch, **fit_params)

    def infer(self, x, **fit_params):
        """Call the module with the inputs, without the weights."""
        return super().infer({name: t for name, t in x.items() if name != "sample_weight"})

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the mean of weight times loss over the labelled objects of the batch.

        Codes below 0 mark unlabelled objects.  In training the criterion may add a term that
        requires no label.
        """
        codes, logits, weight = y_true.to(y_pred.device), y_pred, X.get("sample_weight")
        if (codes < 0).any():
            labelled = codes >= 0
            codes, logits = codes[labelled], logits[labelled]
            weight = None if weight is None else weight[labelled.cpu()]
        loss = self._labelled_loss(logits, codes, weight)
        if training:
            known = {**X, "labelled": y_true >= 0}
            extra = self.criterion_.regularize(self.module_, known, y_pred)
            loss = loss if extra is None else loss + extra
        return loss

    def _labelled_loss(self, y_pred, codes, weight):
        if len(codes) == 0:
            # Zero, but one that backward can start from.
            return y_pred.sum()
        if y_pred.ndim == 3:
            codes = codes[:, None].expand(y_pred.shape[:2])
        self._check_width(y_pred)
        losses = self.criterion_.losses(y_pred.flatten(0, -2), codes.flatten())
        self._check_losses(losses, codes)
        losses = losses.view(len(y_pred), -1).mean(dim=1)
        if weight is not None:
            losses = losses * weight.to(losses.device)
        return losses.mean()

    def _check_width(self, y_pred):
        width, wanted = y_pred.shape[-1], self.criterion_.n_outputs(len(self.classes))
        if width != wanted and (width, wanted) != (2, 1):
            module = type(self.module_).__name__
            raise ValueError(f"{module} returns {width} logits per object instead of {wanted}")

    def _check_losses(self, losses, codes):
        if losses.shape != codes.flatten().shape:
            name, found = type(self.criterion_).__name__, tuple(losses.shape)
            raise ValueError(
                f"{name}.losses returns a tensor of shape {found} for {codes.numel()} objects; "
                "it must return one loss per object"
            )


class ReconstructionNet(WeightedNet):
    """A net whose true values are among the inputs.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import ReconstructionNet
    >>> [name for name, _ in ReconstructionNet(torch.nn.Identity)._default_callbacks]
    ['epoch_timer', 'train_loss', 'valid_loss']
    """

    @property
    def _default_callbacks(self):
        return [pair for pair in super()._default_callbacks if pair[0] != "valid_accuracy"]

    def infer(self, x, **fit_params):
        """Call the module with the inputs, plus the true values for a teacher-forced decoder."""
        inputs = {name: t for name, t in x.items() if name not in _TRUTH}
        if self.module_.decoder.teacher_forced:
            inputs["query_heights"] = x["target"]
        return super().infer(inputs)

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the loss of the reconstruction, with the penalty of encoder and decoder."""
        target, weight = (X[name].to(y_pred.device) for name in ("target", "weight"))
        modules = (self.module_.encoder, self.module_.decoder)
        return self.criterion_(y_pred, target, weight, modules)

    def decode(self, embeddings: NDArray, days: NDArray, bands: NDArray) -> NDArray[np.float64]:
        """Return heights, the asinh of flux over its scale, at some dates in some bands.

        Parameters
        ----------
        embeddings : ndarray of shape (n, code_size)
            Output of the encoder.

        days : ndarray of shape (n, n_queries)
            Days after the reference date.

        bands : ndarray of shape (n, n_queries, n_band_numbers)
            Numbers that describe the band of each query.

        Returns
        -------
        heights : ndarray of shape (n, n_queries)
        """
        heights, decoder = np.empty(days.shape), self.module_.decoder.eval()
        step = max(1, 2**18 // max(days.shape[1], 1))
        for start in range(0, len(days), step):
            part = slice(start, start + step)
            inputs = (
                torch.from_numpy(np.array(values[part], np.float32)).to(self.device)
                for values in (embeddings, days, bands)
            )
            with torch.no_grad():
                heights[part] = decoder(*inputs).double().cpu().numpy()
        return np.clip(heights, -_LARGEST_HEIGHT, _LARGEST_HEIGHT)


class MaskedNet(ReconstructionNet):
    """A net that returns all values of rows of which it sees a part.

    Examples
    --------
    >>> from skastro.neural_network._net import MaskedNet, ReconstructionNet
    >>> issubclass(MaskedNet, ReconstructionNet)
    True
    """

    def infer(self, x, **fit_params):
        """Call the module with the inputs, without the true values."""
        inputs = {name: t for name, t in x.items() if name not in _TRUTH}
        return super(ReconstructionNet, self).infer(inputs)

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the loss of all values, hidden or not, of the inputs that an object has."""
        target, weight = (X[name].to(y_pred.device) for name in ("target", "weight"))
        return self.criterion_(y_pred, target, weight)


def _stopped_early(error):
    """Return whether skorch's EarlyStopping, and not the user, interrupted the training."""
    traceback = error.__traceback__
    while traceback.tb_next is not None:
        traceback = traceback.tb_next
    return traceback.tb_frame.f_code is EarlyStopping.on_epoch_end.__code__


def train(
    net: WeightedNet,
    train_set: BatchDataset,
    valid_set: BatchDataset | None,
    *,
    n_epochs: int,
    lr: float,
    batch_size: int,
    callbacks: Iterable,
    n_finished: int = 0,
) -> None:
    """Run some epochs.

    Parameters
    ----------
    net : WeightedNet
        Initialised; its weights and the state of its optimizer are the start.

    train_set, valid_set : BatchDataset
        `valid_set` may be None.

    n_epochs : int
        Number of epochs.

    lr : float
        Learning rate at the start.

    batch_size : int
        Objects per batch; -1 takes all.

    callbacks : list of skorch callbacks
        Called after those that record the losses.

    n_finished : int, default=0
        Number of epochs that a callback restores.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skastro.neural_network._net import WeightedNet, history_table, train
    >>> from skastro.neural_network.inputs import BatchDataset, DenseBlocks
    >>> from skastro.nn import CrossEntropy
    >>> source = DenseBlocks(np.eye(4), {"input": (4,)}, "Example")
    >>> data = BatchDataset(source, np.arange(4), np.array([0, 1, 0, 1]))
    >>> net = WeightedNet(
    ...     torch.nn.Linear, module__in_features=4, module__out_features=2,
    ...     criterion=CrossEntropy, classes=[0, 1],
    ... ).initialize()
    >>> train(net, data, None, n_epochs=3, lr=0.1, batch_size=2, callbacks=[])
    >>> len(history_table(net))
    3
    """
    net.callbacks, net.max_epochs, net.batch_size = callbacks, n_epochs, batch_size
    generator = train_set.generator
    net.randomness = None if generator is None else OwnGenerator(generator)
    net.initialize_callbacks()
    if not hasattr(net, "optimizer_"):
        net._initialize_optimizer()
    for group in net.optimizer_.param_groups:
        # The schedule of the training before ended near zero.
        group["lr"] = lr
    try:
        net.partial_fit((train_set, valid_set), epochs=n_epochs - n_finished)
    finally:
        net.randomness = net.callbacks = None
        net.initialize_callbacks()
        for epoch in net.history:
            # skorch's losses of single batches would grow the saved network with every epoch.
            epoch["batches"] = []


def history_table(net: WeightedNet) -> pd.DataFrame:
    """Return one row per finished epoch: losses, validation accuracy, learning rate, seconds.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import WeightedNet, history_table
    >>> net = WeightedNet(torch.nn.Linear, module__in_features=1, module__out_features=1)
    >>> history_table(net.initialize()).columns.tolist()
    ['epoch', 'train_loss', 'valid_loss', 'valid_accuracy', 'lr', 'seconds']
    """
    epochs = [epoch for epoch in net.history if "train_loss" in epoch]
    rows = [{name: epoch.get(name, np.nan) for name in _HISTORY} for epoch in epochs]
    return pd.DataFrame(rows, columns=_HISTORY).rename(columns={"dur": "seconds"})


def resolve_device(device: str) -> str:
    """Return the device to compute on; ``"auto"`` takes CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    ValueError
        A CUDA device is requested where there is none.

    Examples
    --------
    >>> from skastro.neural_network._net import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device == "auto":
        if torch.cuda.is_available():
            return "cuda"
        return "mps" if torch.backends.mps.is_available() else "cpu"
    if str(device).startswith("cuda") and not torch.cuda.is_available():
        raise ValueError(f"device={device!r}: this machine has no CUDA device")
    return device


def move(net: WeightedNet, device: str) -> None:
    """Move weights, criterion and the state of the optimizer of a net to `device`.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import WeightedNet, move
    >>> net = WeightedNet(torch.nn.Linear, module__in_features=1, module__out_features=1)
    >>> move(net.initialize(), "cpu")
    """
    if net.device == device:
        return
    net.device = device
    net.module_.to(device)
    if isinstance(net.criterion_, torch.nn.Module):
        net.criterion_.to(device)
    if hasattr(net, "optimizer_"):
        # It moves the state to the device of the parameters.
        net.optimizer_.load_state_dict(net.optimizer_.state_dict())
