"""Codecs of networks: nets are rebuilt from their parameters and filled with their weights."""

import copy
import functools
import sys
import threading
from typing import Any

import numpy as np

from skastro.persistence._codec import Codec
from skastro.persistence._objects import check_state, name_at
from skastro.persistence._registry import find

_NET_PARAMETERS = (
    "module",
    "optimizer",
    "lr",
    "batch_size",
    "targets",
    "predict_nonlinearity",
    "classes",
    "device",
)
_PREFIXES = ("module__", "iterator_valid__")
_LOCK = threading.Lock()


def _is(module: str, name: str):
    """Return a test for instances of a class whose module need not be imported."""

    def fits(value):
        return module in sys.modules and isinstance(value, getattr(sys.modules[module], name))

    return fits


def _write_tensor(value, write, path):
    return {"array": write(value.detach().cpu().numpy(), path)}


def _read_tensor(node, read):
    import torch

    return torch.from_numpy(np.array(read(node["array"])))


def _write_net(net, write, path):
    given = net.get_params(deep=False)
    names = [n for n in given if n in _NET_PARAMETERS or n.startswith(_PREFIXES)]
    parameters = {name: given[name] for name in names} | {"device": "cpu"}
    weights = {k: v.detach().cpu().numpy() for k, v in net.module_.state_dict().items()}
    return {
        "class": name_at(type(net), path),
        "parameters": write(parameters, path),
        "criterion": write(net.criterion_, f"{path}.criterion_"),
        "weights": write(weights, f"{path}.module_"),
    }


def _read_net(node, read):
    """Build the net and fill it; shapes are compared before memory is taken."""
    import torch

    parameters, weights = read(node["parameters"]), read(node["weights"])
    criterion = functools.partial(copy.deepcopy, read(node["criterion"]))
    net = find(node["class"])(criterion=criterion, **parameters)
    net.set_params(device="cpu", verbose=0)
    # Building draws weights, soon replaced, from the one generator of the process.
    with _LOCK, torch.random.fork_rng(devices=[]):
        with torch.device("meta"):
            _check_shapes(_bare_module(parameters).state_dict(), weights)
        getattr(net, "initialize_for_prediction", net.initialize)()
    net.module_.load_state_dict({k: torch.from_numpy(np.array(v)) for k, v in weights.items()})
    net.module_.eval()
    return net


def _bare_module(parameters):
    options = {k.removeprefix("module__"): v for k, v in parameters.items() if k[:8] == "module__"}
    return parameters["module"](**options)


def _check_shapes(expected: dict[str, Any], weights: dict[str, np.ndarray]) -> None:
    """Refuse weights that do not fit the network that the parameters describe."""
    if set(expected) != set(weights):
        odd = sorted(set(expected) ^ set(weights))
        raise ValueError(f"the weights do not belong to the network: {odd[:3]}")
    for name, values in weights.items():
        if tuple(expected[name].shape) != values.shape:
            raise ValueError(
                f"the weights {name!r} have the shape {values.shape}, the network expects "
                f"{tuple(expected[name].shape)}"
            )


def _write_module(module, write, path):
    """Write a criterion: constructor arguments, and what it learned from the labels."""
    if next(module.parameters(), None) is not None:
        raise TypeError(f"{path} is a {type(module).__name__} with weights outside a net")
    arguments = module.get_params(deep=False) if hasattr(module, "get_params") else {}
    known = {*arguments, *_TORCH_STATE}
    state = {name: value for name, value in vars(module).items() if name not in known}
    return {
        "class": name_at(type(module), path),
        "arguments": write(arguments, path),
        "state": write(state, path),
        "buffers": write(dict(module._buffers), path),
    }


def _read_module(node, read):
    import torch

    cls = find(node["class"])
    module = cls(**read(node["arguments"]))
    state = read(node["state"])
    check_state(cls, {name: v for name, v in state.items() if name != "reduction"})
    for name, value in state.items():
        setattr(module, name, value)
    for name, value in read(node["buffers"]).items():
        if value is not None and not isinstance(value, torch.Tensor):
            raise ValueError(f"the buffer {name!r} of a {cls.__name__} is not a tensor")
        module.register_buffer(name, value, persistent=False)
    return module.eval()


_TORCH_STATE = {
    "training",
    "_parameters",
    "_buffers",
    "_non_persistent_buffers_set",
    "_backward_pre_hooks",
    "_backward_hooks",
    "_is_full_backward_hook",
    "_forward_hooks",
    "_forward_hooks_with_kwargs",
    "_forward_hooks_always_called",
    "_forward_pre_hooks",
    "_forward_pre_hooks_with_kwargs",
    "_state_dict_hooks",
    "_state_dict_pre_hooks",
    "_load_state_dict_pre_hooks",
    "_load_state_dict_post_hooks",
    "_modules",
}


def _write_method(value, write, path):
    return {"owner": write(value.__self__, path), "name": value.__name__}


def _read_method(node, read):
    owner, name = read(node["owner"]), node["name"]
    if name not in _METHODS:
        raise ValueError(f"the file names the method {name!r}, which is not allowed")
    return getattr(owner, name)


_METHODS = {"probabilities"}


def _is_method(value):
    return type(value).__name__ == "method" and value.__name__ in _METHODS


NETS = (
    Codec("tensor", _is("torch", "Tensor"), _write_tensor, _read_tensor),
    Codec("net", _is("skorch.net", "NeuralNet"), _write_net, _read_net),
    Codec("module", _is("torch.nn", "Module"), _write_module, _read_module),
    Codec("method", _is_method, _write_method, _read_method),
)
"""Codecs of tensors, skorch nets, criteria, and what turns logits into probabilities."""
