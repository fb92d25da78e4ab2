"""Callbacks of skorch that act during a training."""

import math
from itertools import count
from typing import Any

import numpy as np
import torch
from skorch.callbacks import Callback


def one_cycle(progress):
    """Rise from 0.04 to 1 in the first quarter, then fall along a cosine to 0.

    Parameters
    ----------
    progress : float
        Finished part of the training, 0 to 1.

    Returns
    -------
    factor : float
        Factor of the learning rate.

    References
    ----------
    .. [1] L. Smith, N. Topin, "Super-convergence", arXiv:1708.07120.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import one_cycle
    >>> [round(one_cycle(p), 2) for p in (0, 0.25, 0.625, 1)]
    [0.04, 1.0, 0.5, 0.0]
    """
    if progress < 0.25:
        return 0.04 + 0.96 * 0.5 * (1 - math.cos(math.pi * progress / 0.25))
    return cosine((progress - 0.25) / 0.75)


def cosine(progress):
    """Fall from 1 to 0 along half a cosine.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import cosine
    >>> [round(cosine(p), 2) for p in (0, 0.5, 1)]
    [1.0, 0.5, 0.0]
    """
    return 0.5 * (1 + math.cos(math.pi * min(progress, 1)))


def constant(progress):
    """Return 1: the learning rate does not change.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import constant
    >>> constant(0.7)
    1.0
    """
    return 1.0


SCHEDULES = {"one_cycle": one_cycle, "cosine": cosine, "constant": constant}


class LearningRate(Callback):
    """Set the learning rate of every batch.

    Unlike the schedulers of torch, it does not depend on the number of steps in advance and
    starts over at each warm start.

    Parameters
    ----------
    schedule : callable
        Maps the finished part of the training, 0 to 1, to a factor of the learning rate.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import LearningRate, cosine
    >>> LearningRate(cosine).schedule(1.0)
    0.0
    """

    def __init__(self, schedule):
        self.schedule = schedule

    def on_train_begin(self, net, X=None, **kwargs):
        """Store the initial learning rates and count the batches to come."""
        self.step_ = 0
        self.n_steps_ = max(1, net.max_epochs * len(net.get_iterator(X[0], training=True)))
        self.start_ = [group["lr"] for group in net.optimizer_.param_groups]

    def on_batch_begin(self, net, batch=None, training=False, **kwargs):
        """Set the learning rate."""
        if not training:
            return
        factor = self.schedule(self.step_ / self.n_steps_)
        for group, lr in zip(net.optimizer_.param_groups, self.start_):
            group["lr"] = lr * factor
        self.step_ += 1

    def on_epoch_end(self, net, **kwargs):
        """Record the learning rate at the end of the epoch."""
        net.history.record("lr", net.optimizer_.param_groups[0]["lr"])


class ValidAccuracy(Callback):
    """Record ``valid_accuracy``, weighted as the loss is.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import ValidAccuracy
    >>> ValidAccuracy().initialize().on_epoch_begin(net=None)
    """

    def on_epoch_begin(self, net, **kwargs):
        """Reset the counts."""
        self.right_ = self.total_ = 0.0

    def on_batch_end(self, net, batch=None, training=False, y_pred=None, **kwargs):
        """Count the correct predictions of a validation batch."""
        if training:
            return
        inputs, codes = batch
        weights = inputs.get("sample_weight", torch.ones(len(codes)))
        y_pred = y_pred.detach().cpu()
        if y_pred.ndim == 2:
            y_pred = y_pred[:, None]
        right = net.targets.is_right(y_pred, codes[:, None].expand(y_pred.shape[:2]))
        self.right_ += float((weights * right.double().mean(1)).sum())
        self.total_ += float(weights.sum())

    def on_epoch_end(self, net, **kwargs):
        """Record the accuracy, when there was a validation."""
        if self.total_:
            net.history.record("valid_accuracy", self.right_ / self.total_)


class FiniteLoss(Callback):
    """Raise an error as soon as the training loss of an epoch is not finite.

    Parameters
    ----------
    owner : str
        Name of the estimator for the message.

    Raises
    ------
    ValueError
        The training diverged.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import FiniteLoss
    >>> FiniteLoss("SomeClassifier").owner
    'SomeClassifier'
    """

    def __init__(self, owner):
        self.owner = owner

    def on_epoch_end(self, net, **kwargs):
        """Check the loss."""
        loss = net.history[-1, "train_loss"]
        if not np.isfinite(loss):
            raise ValueError(
                f"{self.owner}: the training diverged (loss {loss} in epoch {len(net.history)}); "
                f"lower lr"
            )


class Progress(Callback):
    """Show one progress bar for all epochs, with the losses.

    Examples
    --------
    >>> from skastro.neural_network._callbacks import Progress
    >>> Progress().initialize() is not None
    True
    """

    def on_train_begin(self, net, **kwargs):
        """Open the bar."""
        from tqdm.auto import tqdm

        self.bar_ = tqdm(total=net.max_epochs, unit="epoch")

    def on_epoch_end(self, net, **kwargs):
        """Advance the bar."""
        last = net.history[-1]
        names = ("train_loss", "valid_loss", "valid_accuracy")
        self.bar_.set_postfix({name: f"{last[name]:.4f}" for name in names if name in last})
        self.bar_.update()

    def on_train_end(self, net, **kwargs):
        """Close the bar."""
        self.bar_.close()
        del self.bar_


class PruneTrial(Callback):
    """Report the validation loss of every epoch to an Optuna trial, which its pruner may stop.

    Unlike the callback of optuna-integration, it survives `sklearn.base.clone`: inside a
    Pipeline, an ensemble or a cross-validation it still reports to the same trial.

    Parameters
    ----------
    trial : optuna.Trial
        The trial whose parameters are trained; its study has a pruner.

    monitor : str, default="valid_loss"
        Reported metric: a column of `history_`.  A loss is negated if the study maximises.

    stride : int, default=0
        Steps kept for each training of the trial, at least the number of its epochs: the second
        fold, or the second network of an ensemble, reports from step `stride` + 1 on.  With 0 all
        trainings report the same steps, of which Optuna keeps the first.

    Raises
    ------
    optuna.TrialPruned
        In `fit`, if the pruner decides so; the study catches it.

    Examples
    --------
    >>> import optuna
    >>> from skastro.datasets import make_bazin
    >>> from skastro.neural_network import PruneTrial, TransformerClassifier
    >>> optuna.logging.set_verbosity(optuna.logging.WARNING)
    >>> X, y = make_bazin(60, random_state=0)
    >>> def objective(trial):
    ...     lr = trial.suggest_float("lr", 1e-4, 1e-2, log=True)
    ...     model = TransformerClassifier(lr=lr, max_epochs=2, callbacks=[PruneTrial(trial)])
    ...     return model.fit(X, y).history_["valid_loss"].min()
    >>> study = optuna.create_study(pruner=optuna.pruners.MedianPruner())
    >>> study.optimize(objective, n_trials=1)
    >>> len(study.trials[0].intermediate_values)
    2
    """

    def __init__(self, trial: Any, monitor: str = "valid_loss", stride: int = 0):
        self.trial = trial
        self.monitor = monitor
        self.stride = stride
        # One counter for all copies: each network of the trial trains with a copy of this one.
        self.trainings_ = count()

    def __deepcopy__(self, memo):
        """Return itself: a copy of a trial would report to a copy of its study."""
        return self

    def __sklearn_clone__(self):
        """Return itself, which counts the trainings of all networks of the trial."""
        return self

    def on_train_begin(self, net, **kwargs):
        """Count the trainings of the trial."""
        self.first_step_ = next(self.trainings_) * self.stride

    def on_epoch_end(self, net, **kwargs):
        """Report, and raise if the pruner stops the trial."""
        epoch = net.history[-1]
        if self.monitor not in epoch:
            raise ValueError(
                f"PruneTrial: {self.monitor!r} is not recorded; it requires a validation part"
            )
        sign = -1 if self.monitor.endswith("loss") and self._maximizes() else 1
        self.trial.report(sign * epoch[self.monitor], self.first_step_ + epoch["epoch"])
        if self.trial.should_prune():
            from optuna import TrialPruned

            raise TrialPruned(f"after epoch {epoch['epoch']}")

    def _maximizes(self) -> bool:
        return self.trial.study.direction.name == "MAXIMIZE"
