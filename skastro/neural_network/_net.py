"""The skorch net inside every network of skastro."""

import torch
from skorch import NeuralNetClassifier
from skorch.callbacks import EpochTimer, PassthroughScoring

from skastro.neural_network._callbacks import ValidAccuracy, to_probabilities
from skastro.neural_network._data import BatchIterator


class WeightedNet(NeuralNetClassifier):
    """A skorch net whose batches carry weights and whose two data sets are given.

    It is trained by ``partial_fit((train, valid))`` with two
    :class:`~skastro.neural_network._data.BatchDataset`; `valid` may be None.  The criterion gives
    one loss an object; the loss of a batch is the mean of weight times loss.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._net import WeightedNet
    >>> WeightedNet(torch.nn.Identity).predict_nonlinearity.__name__
    'to_probabilities'
    """

    def __init__(
        self,
        module,
        *args,
        iterator_train=BatchIterator,
        iterator_valid=BatchIterator,
        iterator_train__shuffle=True,
        train_split=None,
        predict_nonlinearity=to_probabilities,
        **kwargs,
    ):
        super().__init__(
            module,
            *args,
            iterator_train=iterator_train,
            iterator_valid=iterator_valid,
            iterator_train__shuffle=iterator_train__shuffle,
            train_split=train_split,
            predict_nonlinearity=predict_nonlinearity,
            **kwargs,
        )

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

    def infer(self, x, **fit_params):
        """Call the module with the inputs, without the weights."""
        return super().infer({name: t for name, t in x.items() if name != "sample_weight"})

    def get_loss(self, y_pred, y_true, X=None, training=False):
        """Return the mean of weight times loss over the batch."""
        codes = y_true.to(y_pred.device)
        if y_pred.shape[1] == 1:
            y_pred, codes = y_pred.squeeze(1), codes.to(y_pred.dtype)
        losses = self.criterion_(y_pred, codes)
        if "sample_weight" not in X:
            return losses.mean()
        if losses.ndim != 1:
            raise ValueError("weights need a criterion with one loss per object: reduction='none'")
        return (losses * X["sample_weight"].to(losses.device)).mean()


def resolve_device(device):
    """Return the device to compute on; ``"auto"`` takes CUDA, else Apple's MPS, else the CPU.

    Examples
    --------
    >>> from skastro.neural_network._net import resolve_device
    >>> resolve_device("cpu")
    'cpu'
    """
    if device != "auto":
        return device
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"
