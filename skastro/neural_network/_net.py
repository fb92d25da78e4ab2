"""The skorch net inside every network of skastro, and what is done with it."""

from contextlib import contextmanager, nullcontext

import numpy as np
import pandas as pd
import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochTimer, PassthroughScoring

from skastro.neural_network._callbacks import ValidAccuracy
from skastro.neural_network._data import BatchIterator
from skastro.neural_network._threads import ThreadChoice

_WITH_DROPOUT = (torch.nn.modules.dropout._DropoutNd, torch.nn.RNNBase)
_HISTORY = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "lr", "dur"]


class WeightedNet(NeuralNetClassifier):
    """A skorch net whose batches carry weights and whose two data sets are given.

    It is trained by ``partial_fit((train, valid))`` with two
    :class:`~skastro.neural_network._data.BatchDataset`; `valid` may be None.  The criterion is a
    :class:`skastro.nn.Criterion`; the loss of a batch is the mean of weight times loss.  A module
    may return several predictions per object, logits of shape (n_objects, n_positions, n_outputs):
    their losses are averaged.  `targets` says what the logits stand for.  While `keep_dropout` is
    set, dropout acts in prediction too.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import WeightedNet
    >>> WeightedNet(torch.nn.Identity).iterator_train.__name__
    'BatchIterator'
    """

    def __init__(
        self,
        module,
        *args,
        iterator_train=BatchIterator,
        iterator_valid=BatchIterator,
        iterator_train__shuffle=True,
        train_split=None,
        targets=None,
        **kwargs,
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

    keep_dropout = False

    def threads(self, purpose):
        """Return the context of work on the processor that serves some purpose."""
        choice = self._thread_choice(purpose)
        return choice.work() if str(self.device) == "cpu" else nullcontext(choice)

    def _thread_choice(self, purpose):
        return self.__dict__.setdefault("_thread_choices", {}).setdefault(purpose, ThreadChoice())

    def fit_loop(self, *args, **kwargs):
        """Run the epochs."""
        with self.threads("train"):
            return super().fit_loop(*args, **kwargs)

    def train_step(self, batch, **fit_params):
        """Take a step of the optimizer."""
        with self._thread_choice("train").step():
            return super().train_step(batch, **fit_params)

    def forward_iter(self, *args, **kwargs):
        """Yield the logits of each batch."""
        with self.threads("predict"):
            yield from super().forward_iter(*args, **kwargs)

    def evaluation_step(self, batch, training=False):
        """Return the logits of a batch."""
        with self._thread_choice("predict").step():
            return super().evaluation_step(batch, training=training)

    def __getstate__(self):
        state = super().__getstate__()
        state.pop("_thread_choices", None)
        return state

    @property
    def _default_callbacks(self):
        return [
            ("epoch_timer", EpochTimer()),
            ("train_loss", PassthroughScoring("train_loss", on_train=True)),
            ("valid_loss", PassthroughScoring("valid_loss")),
            ("valid_accuracy", ValidAccuracy()),
        ]

    def check_data(self, X, y=None):
        """Accept everything: the estimator has looked at the data."""

    def get_split_datasets(self, X, y=None, **fit_params):
        """Return the pair (train, valid) that `X` is."""
        return X

    def _set_training(self, training=True):
        super()._set_training(training)
        if self.keep_dropout:
            for module in self.module_.modules():
                if isinstance(module, _WITH_DROPOUT):
                    module.train()

    def infer(self, x, **fit_params):
        """Call the module with the inputs, without the weights."""
        return super().infer({name: t for name, t in x.items() if name != "sample_weight"})

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the mean of weight times loss over the labelled objects of the batch.

        Codes below 0 mark objects without a label.  In training the criterion may add a term
        that needs no label.
        """
        codes, logits, weight = y_true.to(y_pred.device), y_pred, X.get("sample_weight")
        if (codes < 0).any():
            labelled = codes >= 0
            codes, logits = codes[labelled], logits[labelled]
            weight = None if weight is None else weight[labelled.cpu()]
        loss = self._labelled_loss(logits, codes, weight)
        if training:
            extra = self.criterion_.regularize(self.module_, X, y_pred)
            loss = loss if extra is None else loss + extra
        return loss

    def _labelled_loss(self, y_pred, codes, weight):
        if len(codes) == 0:
            return y_pred.sum()
        if y_pred.ndim == 3:
            codes = codes[:, None].expand(y_pred.shape[:2])
        losses = self.criterion_.losses(y_pred.flatten(0, -2), codes.flatten())
        losses = losses.view(len(y_pred), -1).mean(dim=1)
        if weight is not None:
            losses = losses * weight.to(losses.device)
        return losses.mean()


def train(net, train_set, valid_set, *, n_epochs, lr, batch_size, callbacks):
    """Run some epochs; an interrupt keeps the epochs that are finished.

    Parameters
    ----------
    net : WeightedNet
        Initialised; its weights and its optimizer's state are the start.

    train_set, valid_set : BatchDataset
        `valid_set` may be None.

    n_epochs : int
        Number of epochs.

    lr : float
        Learning rate at the start.

    batch_size : int
        Objects a batch; -1 takes all.

    callbacks : list of skorch callbacks
        Called after those that record the losses.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skastro.neural_network._data import BatchDataset, DenseRows
    >>> from skastro.neural_network._net import WeightedNet, history_table, train
    >>> from skastro.nn import CrossEntropy
    >>> source = DenseRows(np.eye(4), {"input": (4,)}, "Example")
    >>> data = BatchDataset(source, np.arange(4), np.array([0, 1, 0, 1]))
    >>> net = WeightedNet(
    ...     torch.nn.Linear, module__in_features=4, module__out_features=2,
    ...     criterion=CrossEntropy,
    ... ).initialize()
    >>> train(net, data, None, n_epochs=3, lr=0.1, batch_size=2, callbacks=[])
    >>> len(history_table(net))
    3
    """
    net.callbacks, net.max_epochs, net.batch_size = callbacks, n_epochs, batch_size
    net.initialize_callbacks()
    for group in net.optimizer_.param_groups:
        group["lr"] = lr
    net.partial_fit((train_set, valid_set))
    net.callbacks = None
    net.initialize_callbacks()
    for epoch in net.history:
        epoch["batches"] = []


def history_table(net):
    """Return one row a finished epoch: losses, validation accuracy, learning rate, seconds.

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


def resolve_device(device):
    """Return the device to compute on; ``"auto"`` takes CUDA, else Apple's MPS, else the CPU.

    Raises
    ------
    ValueError
        A CUDA device is asked for where there is none.

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


def move(net, device):
    """Move weights, criterion and the optimizer's state of an initialised net to `device`.

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
    net.optimizer_.load_state_dict(net.optimizer_.state_dict())


@contextmanager
def seeded(rng):
    """Seed torch from `rng` inside the block and leave its generators untouched outside.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skastro.neural_network._net import seeded
    >>> before = torch.get_rng_state()
    >>> with seeded(np.random.RandomState(0)):
    ...     _ = torch.rand(3)
    >>> bool((before == torch.get_rng_state()).all())
    True
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(rng.randint(2**31 - 1)))
        yield
