"""Checkpoints: the state of a training after each epoch, from which the next training resumes."""

import hashlib
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from skorch.callbacks import Callback, ProgressBar

from skastro.neural_network._callbacks import Progress
from skastro.neural_network._net import WeightedNet
from skastro.neural_network._random import OwnGenerator
from skastro.neural_network.inputs import Source
from skastro.utils.files import draft_of

_DISPLAYS = (Progress, ProgressBar)
_PLAIN = (bool, int, float, str, type(None), torch.Tensor)
# Parameters that do not affect the result of a training.
_NO_MATTER = ("checkpoint", "on_interrupt", "verbose", "device")


class Checkpoint:
    """A file with the state of one training.

    The file is written under another name and then renamed, so that it is complete at any time.

    Parameters
    ----------
    path : str or path
        The file, or an existing folder, in which the file is named after the fingerprint.

    fingerprint : str
        Identifies data and parameters.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.neural_network._checkpoint import Checkpoint
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     checkpoint = Checkpoint(folder, "a1b2")
    ...     checkpoint.save({"epoch": 3})
    ...     Checkpoint(folder, "a1b2").load()["epoch"], Checkpoint(folder, "c3d4").load()
    (3, None)
    """

    def __init__(self, path: str | Path, fingerprint: str):
        path = Path(path)
        self.path = path / f"{fingerprint}.pt" if path.is_dir() else path
        self.fingerprint = fingerprint

    def save(self, state: Mapping[str, Any]) -> None:
        """Write the state of a training."""
        with draft_of(self.path) as draft:
            torch.save({**state, "fingerprint": self.fingerprint}, draft)

    def load(self) -> dict[str, Any] | None:
        """Return the state, None without a file or for one of another training.

        Raises
        ------
        ValueError
            The file is no checkpoint.
        """
        if not self.path.exists():
            return None
        try:
            state = torch.load(self.path, map_location="cpu", weights_only=True)
            known = state["fingerprint"]
        except Exception as error:
            raise ValueError(
                f"{self.path} is not a checkpoint of a network ({type(error).__name__}: {error}); "
                f"delete it or choose another path"
            ) from None
        return state if known == self.fingerprint else None


class SaveCheckpoint(Callback):
    """Write a checkpoint after each epoch, and restore one before the first.

    It runs after all other callbacks, whose state it saves.

    Parameters
    ----------
    checkpoint : Checkpoint
        File to write.

    start : dict
        State to resume from; may be empty.

    extra : dict
        Saved unchanged.

    Examples
    --------
    >>> from skastro.neural_network._checkpoint import SaveCheckpoint
    >>> SaveCheckpoint(None, {}, {}).start
    {}
    """

    def __init__(self, checkpoint: Checkpoint, start: dict[str, Any], extra: dict[str, Any]):
        self.checkpoint = checkpoint
        self.start = start
        self.extra = extra

    def on_train_begin(self, net: WeightedNet, **kwargs: Any) -> None:
        """Restore the state of network, optimizer, random numbers, history and callbacks."""
        self.n_before_ = len(net.history)
        if not self.start:
            return
        net.module_.load_state_dict(self.start["module"])
        net.criterion_.load_state_dict(self.start["criterion"])
        net.optimizer_.load_state_dict(self.start["optimizer"])
        _randomness(net).set_states(self.start["randomness"])
        for row in self.start["history"]:
            net.history.new_epoch()
            for name, value in row.items():
                net.history.record(name, value)
        for callback, state in zip(_stateful(net), self.start["callbacks"]):
            _restore(callback, state)

    def on_epoch_end(self, net: WeightedNet, **kwargs: Any) -> None:
        """Write the state."""
        self.checkpoint.save(
            self.extra
            | {
                "module": net.module_.state_dict(),
                "criterion": net.criterion_.state_dict(),
                "optimizer": net.optimizer_.state_dict(),
                "randomness": _randomness(net).get_states(),
                "history": [_plain_row(epoch) for epoch in net.history[self.n_before_ :]],
                "callbacks": [_state_of(callback) for callback in _stateful(net)],
            }
        )


def _randomness(net: Any) -> OwnGenerator:
    return net.randomness


def _stateful(net):
    """Return the callbacks with a state, without the checkpoint itself and displays."""
    return [c for _, c in net.callbacks_ if not isinstance(c, (*_DISPLAYS, SaveCheckpoint))]


def _plain_row(epoch):
    return {name: _plain(value, name) for name, value in epoch.items() if name != "batches"}


def _state_of(callback):
    """Return the state of a callback: its attributes that end with an underscore."""
    fitted = {name: value for name, value in vars(callback).items() if name[-1] == "_"}
    kind = type(callback).__name__
    return {
        name: _plain(value, f"{kind}.{name}")
        for name, value in fitted.items()
        if not callable(value)
    }


def _restore(callback, state):
    for name, value in state.items():
        current = getattr(callback, name, None)
        if hasattr(current, "load_state_dict"):
            current.load_state_dict(value)
        else:
            setattr(callback, name, value)


def _plain(value, where):
    """Return a value for a file that executes nothing when it is read."""
    if hasattr(value, "state_dict"):
        return _plain(value.state_dict(), where)
    if isinstance(value, Mapping):
        return {name: _plain(part, where) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part, where) for part in value]
    value = value.item() if isinstance(value, np.generic) else value
    if not isinstance(value, _PLAIN):
        raise ValueError(
            f"a checkpoint cannot hold {where} of the type {type(value).__name__}; train without "
            f"`checkpoint`, or without this callback"
        )
    return value


def fingerprint(estimator: Any, source: Source, *others: Any) -> str:
    """Return what identifies data and parameters of a training.

    Parameters
    ----------
    estimator : estimator object
        Its parameters count, except for those that do not change the result.

    source : Source
        Data.

    *others : ndarray or dict
        Whatever else matters.

    Returns
    -------
    fingerprint : str of 32 hexadecimal digits

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.neural_network import HeatmapCNNClassifier
    >>> from skastro.neural_network._checkpoint import fingerprint
    >>> from skastro.neural_network.inputs import DenseBlocks
    >>> source = DenseBlocks(np.eye(3), {"image": (3,)}, "Example")
    >>> models = [HeatmapCNNClassifier(lr=lr) for lr in (0.1, 0.1, 0.2)]
    >>> len({fingerprint(model, source) for model in models})
    2
    """
    params = estimator.get_params(deep=False)
    kept = {name: value for name, value in params.items() if name not in _NO_MATTER}
    digest = hashlib.blake2b(digest_size=16)
    _feed(digest, type(estimator), kept, _keys(source), *others)
    return digest.hexdigest()


def _keys(source: Source) -> NDArray[np.uint64]:
    rows = np.arange(len(source))
    parts = [source.keys(rows[start : start + 1024]) for start in range(0, len(rows), 1024)]
    return np.concatenate(parts)


def _feed(digest, *values: Any) -> None:
    """Hash values of any kind by their content."""
    for value in values:
        # The type too: the text of 1 and "1" is the same.
        digest.update(type(value).__name__.encode())
        for part in _parts(value):
            if isinstance(part, bytes):
                digest.update(part)
            else:
                _feed(digest, part)


def _parts(value: Any) -> Iterable[Any]:
    """Return the parts of a value; bytes for a value without parts."""
    for kind, parts in _PARTS.items():
        if isinstance(value, kind):
            return parts(value)
    if callable(value) or not hasattr(value, "__dict__"):
        name = f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', value)}"
        return [name.encode()]
    return [type(value), vars(value)]


def _parts_of_array(values):
    if values.dtype == object:
        return values.tolist()
    return [str(values.dtype).encode(), str(values.shape).encode(), values.tobytes()]


_PARTS: dict[Any, Any] = {
    torch.Tensor: lambda tensor: [tensor.detach().cpu().numpy()],
    np.ndarray: _parts_of_array,
    Mapping: lambda mapping: [part for pair in sorted(mapping.items(), key=str) for part in pair],
    (list, tuple): list,
    partial: lambda function: [function.func, function.args, function.keywords],
    np.random.RandomState: lambda random_state: list(random_state.get_state()),
    torch.nn.Module: lambda module: [type(module), module.state_dict(), repr(module)],
}
