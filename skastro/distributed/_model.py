"""Fitted estimators on the workers of a cluster."""

import hashlib
import pickle
import sys
import threading
from os import PathLike
from typing import Any

from skastro.persistence import load_model

_contents: dict[str, bytes] = {}
_loaded: dict[str, Any] = {}
_MOST_LOADED = 4
_lock = threading.Lock()


class SharedModel:
    """A fitted estimator that every process unpickles once.

    With a client of `dask.distributed` the content goes once to each worker, also to those that
    start later, and tasks carry its digest alone.  Without a client the content travels with the
    tasks.

    Parameters
    ----------
    model : estimator, str or Path
        Fitted; a path is read by :func:`skastro.persistence.load_model`.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> from skastro.distributed._model import SharedModel
    >>> SharedModel(DummyClassifier(constant=3)).load().constant
    3
    """

    def __init__(self, model: Any):
        import cloudpickle

        if isinstance(model, str | PathLike):
            model = load_model(model)
        self.content: bytes | None = cloudpickle.dumps(model, pickle.HIGHEST_PROTOCOL)
        self.digest = hashlib.sha256(self.content).hexdigest()
        _contents[self.digest] = self.content
        client = _find_client()
        if client is not None:
            client.register_plugin(_plugin(self.digest, self.content))
            self.content = None

    def __dask_tokenize__(self) -> str:
        return self.digest

    def load(self) -> Any:
        """Return the estimator, from the memory of this process if it has been there before."""
        with _lock:  # a worker with several threads unpickles once
            if self.digest not in _loaded:
                while len(_loaded) >= _MOST_LOADED:
                    del _loaded[next(iter(_loaded))]
                content = _contents[self.digest] if self.content is None else self.content
                _loaded[self.digest] = pickle.loads(content)
                _use_one_thread()
            return _loaded[self.digest]


def _find_client():
    """Return the client of this process, without importing Dask where nobody has."""
    distributed = sys.modules.get("distributed")
    try:
        return None if distributed is None else distributed.default_client()
    except ValueError:
        return None


def _plugin(digest, content):
    """Return the plugin that hands the content to workers, also to those that start later."""
    from distributed import WorkerPlugin

    # The class is pickled by value: it must import the module to reach the worker's own.
    class KeepModel(WorkerPlugin):
        name = f"skastro-model-{digest}"

        def setup(self, worker):
            from skastro.distributed import _model

            _model._contents[digest] = content

    return KeepModel()


def _use_one_thread():
    """Let torch compute with one thread in a worker, next to which others run."""
    distributed, torch = sys.modules.get("distributed"), sys.modules.get("torch")
    if distributed is None or torch is None:
        return
    try:
        distributed.get_worker()
    except ValueError:
        return
    torch.set_num_threads(1)
