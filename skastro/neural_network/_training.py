"""Training of a network: loop, device, seed, history, callbacks, early stopping, resuming."""

import copy
import os
import warnings
from abc import ABCMeta, abstractmethod
from collections.abc import Iterator
from numbers import Integral, Real
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions
from skorch.callbacks import EarlyStopping

from skastro.neural_network._callbacks import SCHEDULES, FiniteLoss, LearningRate, Progress
from skastro.neural_network._checkpoint import Checkpoint, SaveCheckpoint, fingerprint
from skastro.neural_network._net import WeightedNet, history_table, move, resolve_device, train
from skastro.neural_network._random import seeded_globally
from skastro.neural_network.inputs import BatchDataset, Source, by_length
from skastro.utils.ragged import chunks


class BaseNet(BaseEstimator, metaclass=ABCMeta):
    """Own a torch network and train it on a source.

    This is the part of training that depends neither on the network nor on what it learns.  A
    subclass reads X, ``_read(X, reset=)``, builds its skorch net, ``_make_net(source, ...)``, and
    calls ``_fit_net(source, train_rows, valid_rows, rng)`` in `fit`.

    Parameters
    ----------
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
        Share of the training objects that is held out to choose the best epoch, a scikit-learn
        splitter whose first split is taken, or None.

    patience : int, default=None
        Stop after this many epochs without a lower validation loss; None runs all epochs.

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
        One row per epoch: epoch, train_loss, valid_loss, valid_accuracy, lr, seconds.

    n_iter_, best_epoch_ : int
        Number of finished epochs; the epoch whose weights are kept, counted from 1.

    scale_ : object
        What the source learned from the training objects.

    See Also
    --------
    BaseNetClassifier : Base of the classifiers.
    TransformerAutoencoder : A network without labels.

    Examples
    --------
    >>> from skastro.neural_network import BaseNet, BaseNetClassifier, TransformerAutoencoder
    >>> issubclass(BaseNetClassifier, BaseNet), issubclass(TransformerAutoencoder, BaseNet)
    (True, True)
    """

    _parameter_constraints = {
        "max_epochs": [Interval(Integral, 1, None, closed="left")],
        "lr": [Interval(Real, 0, None, closed="neither")],
        "batch_size": [Interval(Integral, 1, None, closed="left"), StrOptions({"all"})],
        "optimizer": [str, type],
        "schedule": [StrOptions(set(SCHEDULES)), callable],
        "validation": [Interval(Real, 0, 1, closed="left"), HasMethods("split"), None],
        "patience": [Interval(Integral, 1, None, closed="left"), None],
        "callbacks": [list, None],
        "net_params": [dict, None],
        "device": [str],
        "warm_start": ["boolean"],
        "on_interrupt": [StrOptions({"raise", "keep"})],
        "checkpoint": [str, Path, None],
        "verbose": ["verbose"],
        "random_state": ["random_state"],
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
        callbacks: list | None = None,
        net_params: dict | None = None,
        device: str = "auto",
        warm_start: bool = False,
        on_interrupt: str = "raise",
        checkpoint: str | Path | None = None,
        verbose: int = 0,
        random_state: int | np.random.RandomState | None = None,
    ):
        self.max_epochs = max_epochs
        self.lr = lr
        self.batch_size = batch_size
        self.optimizer = optimizer
        self.schedule = schedule
        self.validation = validation
        self.patience = patience
        self.callbacks = callbacks
        self.net_params = net_params
        self.device = device
        self.warm_start = warm_start
        self.on_interrupt = on_interrupt
        self.checkpoint = checkpoint
        self.verbose = verbose
        self.random_state = random_state

    @abstractmethod
    def _read(self, X: Any, *, reset: bool) -> Source:
        """Return the source of batches of X after all checks of X."""

    @abstractmethod
    def _make_net(self, source: Source, codes, weights) -> WeightedNet:
        """Return the skorch net for a scaled source, not yet initialised."""

    def _starts_anew(self):
        return not (self.warm_start and hasattr(self, "net_"))

    def __sklearn_is_fitted__(self) -> bool:
        return hasattr(self, "net_") and hasattr(self, "history_")

    def _begin(self, source, *labels):
        """Open the checkpoint of this training; return its source of random numbers."""
        self._resume = None
        rng = check_random_state(self.random_state)
        if self.checkpoint is None:
            return rng
        weights = {} if self._starts_anew() else self.net_.module_.state_dict()
        file = Checkpoint(self.checkpoint, fingerprint(self, source, weights, *labels))
        start = file.load() or {}
        if start:
            rng = np.random.RandomState()
            rng.set_state(("MT19937", start["keys"].numpy().astype(np.uint32), *start["rest"]))
        _, keys, *rest = rng.get_state()
        # int64, because older versions of torch have no uint32.
        extra = {"keys": torch.from_numpy(keys.astype(np.int64)), "rest": rest}
        self._resume = SaveCheckpoint(file, start, extra)
        return rng

    def _fit_net(self, source, train_rows, valid_rows, rng, *, codes=None, weights=None):
        """Build the network, or continue with the existing one, and train it for all epochs."""
        train_set = self._prepare(source, train_rows, rng, codes, weights, self._starts_anew())
        valid_set = None
        if len(valid_rows):
            valid_rows = by_length(source, valid_rows)
            valid_set = self._dataset(
                source, valid_rows, codes, weights, question=self._validation_question()
            )
        callbacks, n_finished = self._callbacks(valid_set), 0
        if self._resume is not None:
            callbacks.append(self._resume)
            n_finished = len(self._resume.start.get("history", ()))
        del self._resume
        self._run(train_set, valid_set, self.max_epochs, callbacks, n_finished)

    def _prepare(self, source, rows, rng, codes, weights, fresh):
        """Return the training set, with the generator of this training."""
        seed = int(rng.randint(2**31 - 1))
        generator = torch.Generator().manual_seed(seed)
        if fresh:
            scaled = source.learn(rows)
            self.scale_ = scaled.scale
            with seeded_globally(seed):
                self.net_ = self._make_net(scaled, codes, weights).initialize()
                # Training continues after the random numbers of the initial weights.
                generator.set_state(torch.get_rng_state())
            self._after_building()
        return self._dataset(source, rows, codes, weights, generator=generator)

    def _after_building(self):
        """Change the new network, for instance by loading pretrained weights."""

    def _dataset(self, source, rows, codes, weights, **options):
        parts = (None if values is None else values[rows] for values in (codes, weights))
        return BatchDataset(source.scaled(self.scale_), rows, *parts, **options)

    def _validation_question(self):
        """Return the arguments of ``source.take`` in the validation."""
        return {}

    def _n_in_batch(self):
        return -1 if self.batch_size == "all" else self.batch_size

    def _skorch_options(self):
        """Return the parameters of the skorch net that do not depend on the network."""
        optimizer = self.optimizer
        if isinstance(optimizer, str):
            optimizer = getattr(torch.optim, optimizer)
        return {
            "optimizer": optimizer,
            "lr": self.lr,
            "iterator_valid__batch_size": max(512, self._n_in_batch()),
            "device": resolve_device(self.device),
            "verbose": 0,
        }

    def _callbacks(self, valid_set):
        schedule = self.schedule if callable(self.schedule) else SCHEDULES[self.schedule]
        callbacks = [LearningRate(schedule), FiniteLoss(type(self).__name__)]
        # Copies are shallow: a callback of a trial must report to the trial itself.
        callbacks += [copy.copy(callback) for callback in self.callbacks or []]
        if self.verbose:
            callbacks.append(Progress())
        if valid_set is not None:
            # It restores the best epoch too, so it is there without patience; threshold=0, because
            # skorch ignores gains below 0.01 %.
            patience = self.patience or self.max_epochs + 1
            callbacks.append(
                EarlyStopping("valid_loss", patience, threshold=0, load_best=True, sink=_silent)
            )
        return callbacks

    def _run(self, train_set, valid_set, n_epochs, callbacks, n_finished=0):
        _use_one_thread_after_fork()
        move(self.net_, resolve_device(self.device))
        options = {"n_epochs": n_epochs, "lr": self.lr, "batch_size": self._n_in_batch()}
        options |= {"callbacks": callbacks, "n_finished": n_finished}
        try:
            train(self.net_, train_set, valid_set, **options)
        except KeyboardInterrupt:
            self._keep_or_raise(n_epochs)
        self._record()

    def _record(self):
        self.history_ = history_table(self.net_)
        self.n_iter_ = len(self.history_)
        loss = self.history_["valid_loss"]
        best = loss.idxmin() if loss.notna().any() else self.n_iter_ - 1
        self.best_epoch_ = int(self.history_["epoch"][best])

    def _keep_or_raise(self, n_epochs):
        n_finished = len(history_table(self.net_))
        if self.on_interrupt == "raise" or n_finished == 0:
            if self._starts_anew():
                del self.net_
            raise
        warnings.warn(
            f"{type(self).__name__}: the training was interrupted after {n_finished} of "
            f"{n_epochs} epochs, which are kept (on_interrupt='keep')",
            UserWarning,
            stacklevel=4,
        )

    def _outputs(self, source, compute, **question) -> Iterator[tuple[NDArray, Any]]:
        """Yield object numbers and ``compute(inputs, objects)``, batch by batch.

        Unusable objects are left out; the others come in the order of their lengths.
        """
        _use_one_thread_after_fork()
        self._move_for_prediction()
        rows = by_length(source, np.flatnonzero(~source.unusable))
        data = BatchDataset(source, rows, question=question)
        for batch in self.net_.get_iterator(data, training=False).positions():
            # Larger batches do not fit the cache: recurrent networks are a third slower at 512
            # objects.
            for part in chunks(np.cumsum([0, *data.lengths[batch]]), _MAX_OBSERVATIONS):
                inputs, _ = data.batch(batch[part])
                yield rows[batch[part]], compute(inputs, rows[batch[part]])

    def _forward(self, inputs, objects=None):
        """Return the output of the network without dropout."""
        if self.net_.module_.training:
            self.net_.module_.eval()
        with torch.inference_mode():
            return self.net_.infer(inputs).cpu()

    def _move_for_prediction(self):
        """Move to the requested device, or to the CPU where that device does not exist."""
        try:
            move(self.net_, resolve_device(self.device))
        except ValueError:
            move(self.net_, "cpu")


_MAX_OBSERVATIONS = 2**13
_PROCESS = os.getpid()


def _use_one_thread_after_fork():
    """Compute with one thread in a forked process.

    The threads of OpenMP do not survive a fork, and a computation with several waits for them
    forever.
    """
    if os.getpid() != _PROCESS and torch.get_num_threads() > 1:
        torch.set_num_threads(1)


def _silent(*args, **kwargs):
    """Write nothing."""
