"""Random numbers of one network: its own generator, and draws that belong to an object.

Torch draws dropout masks from one generator of the whole process, so that trainings in several
threads interfere with each other.  Within the contexts of this module the functions of torch that
draw random numbers use another source; the numbers are those that torch's generator would return.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional
from torch.overrides import TorchFunctionMode

_GLOBAL_GENERATOR = threading.RLock()
_STEP = -0x61C8864680B583EB  # 0x9E3779B97F4A7C15 as a signed integer, the step of SplitMix64
_FACTORS = -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15


@contextmanager
def seeded_globally(seed: int) -> Iterator[None]:
    """Seed torch's global generator inside the block and restore it afterwards.

    Weights are initialised by functions that can use no other generator.  One thread at a time
    enters the block.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._random import seeded_globally
    >>> before = torch.get_rng_state()
    >>> with seeded_globally(0):
    ...     _ = torch.rand(3)
    >>> bool((before == torch.get_rng_state()).all())
    True
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_available() else []
    with _GLOBAL_GENERATOR, torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


class _Randomness(TorchFunctionMode):
    """Redirect the functions of torch that draw random numbers to the methods of a subclass."""

    in_prediction = False

    def __torch_function__(self, func, types, args=(), kwargs=None):
        handler = _HANDLERS.get(func)
        if handler is None:
            return func(*args, **(kwargs or {}))
        return handler(self, func, *args, **(kwargs or {}))

    def generator(self, device):
        """Return the generator of a device."""
        raise NotImplementedError

    def keep(self, shape, p, like):
        """Return a mask that is True with probability 1 - p."""
        raise NotImplementedError


class OwnGenerator(_Randomness):
    """Draw from a separate generator.

    Parameters
    ----------
    generator : torch.Generator
        Generator on the CPU; other devices get one of the same seed.

    Examples
    --------
    >>> import torch
    >>> from skastro.neural_network._random import OwnGenerator
    >>> dropout, ones = torch.nn.Dropout(0.5), torch.ones(4)
    >>> with OwnGenerator(torch.Generator().manual_seed(0)):
    ...     first = dropout(ones)
    >>> with OwnGenerator(torch.Generator().manual_seed(0)):
    ...     print(torch.equal(dropout(ones), first))
    True
    """

    def __init__(self, generator: torch.Generator):
        super().__init__()
        self._generators = {"cpu": generator}

    def get_states(self) -> dict[str, torch.Tensor]:
        """Return the state of the generator of each device."""
        return {name: generator.get_state() for name, generator in self._generators.items()}

    def set_states(self, states: dict[str, torch.Tensor]) -> None:
        """Restore the states that :meth:`get_states` returned."""
        for name, state in states.items():
            self.generator(name).set_state(state)

    def generator(self, device):
        """Return the generator of a device."""
        device = torch.device(device or "cpu")
        name = device.type if device.type == "cpu" else str(device)
        if name not in self._generators:
            seed = self._generators["cpu"].initial_seed()
            self._generators[name] = torch.Generator(device).manual_seed(seed)
        return self._generators[name]

    def keep(self, shape, p, like):
        """Return a mask that is True with probability 1 - p."""
        mask = torch.empty(shape, dtype=torch.bool, device=like.device)
        return mask.bernoulli_(1 - p, generator=self.generator(like.device))


class ObjectDraws(OwnGenerator):
    """Draw dropout masks that depend on the object alone, in prediction too.

    Element (i, j, ...) of the n-th mask is a hash of the key of its object, of n and of j, ...;
    neither the position of the object in the batch nor the padding of the batch matters.

    Parameters
    ----------
    keys : ndarray of uint64 of shape (n_objects,)
        A number per object; the first axis of what dropout acts on runs over the objects, each
        of which may fill several successive elements.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from skastro.neural_network._random import ObjectDraws
    >>> dropout, keys = torch.nn.Dropout(0.5).eval(), np.array([3, 8], np.uint64)
    >>> with ObjectDraws(keys):
    ...     both = dropout(torch.ones(2, 6))
    >>> with ObjectDraws(keys[1:]):
    ...     print(torch.equal(dropout(torch.ones(1, 6)), both[1:]))
    True
    """

    in_prediction = True

    def __init__(self, keys: NDArray[np.uint64]):
        super().__init__(torch.Generator().manual_seed(int(keys[:1].sum() >> np.uint64(1))))
        self._keys = torch.from_numpy(keys.view(np.int64))
        self._n_masks = 0

    def keep(self, shape, p, like):
        """Return a mask that is True with probability 1 - p."""
        self._n_masks += 1
        keys = self._keys.to(like.device)
        if shape[0] % len(keys):
            keys = keys.new_zeros(1)
        numbers = keys.repeat_interleave(shape[0] // len(keys))
        # A tensor wraps around at 64 bits; Python's integers would not fit.
        numbers = _mix(numbers + torch.tensor(self._n_masks) * _STEP)
        for axis, size in enumerate(shape[1:], 1):
            step = torch.arange(size, device=like.device) * (2 * axis + 1) * _FACTORS[axis % 2]
            numbers = numbers[..., None] + step
        return ((_mix(numbers) >> 32) & 0xFFFFFFFF) >= p * 2**32


def _mix(numbers):
    """Scramble int64 tensors as SplitMix64 does unsigned integers."""
    numbers = (numbers ^ _shifted(numbers, 30)) * _FACTORS[0]
    numbers = (numbers ^ _shifted(numbers, 27)) * _FACTORS[1]
    return numbers ^ _shifted(numbers, 31)


def _shifted(numbers, n_bits):
    # Shifts of signed integers fill in copies of the sign.
    return (numbers >> n_bits) & ((1 << (64 - n_bits)) - 1)


def _dropout(mode, func, input, p=0.5, training=True, inplace=False, *, n_axes=None):
    """Apply dropout to single elements, or to channels if only some axes have a mask."""
    if p == 0 or not (training or mode.in_prediction):
        return input
    shape = input.shape
    if n_axes is not None:
        shape = (*shape[:n_axes], *[1] * (input.ndim - n_axes))
    mask = mode.keep(shape, p, input)
    # Not a division: with p = 1 it would be zero by zero.
    return input * mask * (1 / (1 - p) if p < 1 else 0.0)


def _draw(mode, func, *args, **kwargs):
    """Call a function that takes a generator."""
    tensor = args[0] if args and isinstance(args[0], torch.Tensor) else None
    device = tensor.device if tensor is not None else kwargs.get("device")
    if kwargs.get("generator") is None:
        kwargs["generator"] = mode.generator(device)
    return func(*args, **kwargs)


def _fill_like(mode, func, input, *, fill, **kwargs):
    values = torch.empty_like(input, **kwargs)
    return fill(values, generator=mode.generator(values.device))


def _attention(mode, func, query, key, value, attn_mask=None, dropout_p=0.0, *args, **kwargs):
    """Compute attention with dropout by its formula, as torch does if dropout is active."""
    if dropout_p == 0 or args or kwargs.get("is_causal") or kwargs.get("enable_gqa"):
        return _borrow(mode, func, query, key, value, attn_mask, dropout_p, *args, **kwargs)
    scale = kwargs.get("scale") or query.shape[-1] ** -0.5
    scores = (query * scale**0.5) @ (key * scale**0.5).transpose(-2, -1)
    if attn_mask is not None and attn_mask.dtype == torch.bool:
        scores = scores + torch.zeros_like(scores).masked_fill(~attn_mask, -torch.inf)
    elif attn_mask is not None:
        scores = scores + attn_mask
    return _dropout(mode, func, scores.softmax(dim=-1), dropout_p) @ value


def _recurrent(mode, func, input, state, weights, has_bias, n_layers, p, training, both, first):
    """Run the layers one after the other, with dropout between them."""
    options = (has_bias, 1, 0.0, training, both, first)
    if p == 0 or n_layers == 1 or not (training or mode.in_prediction):
        return func(input, state, weights, has_bias, n_layers, p, training, both, first)
    n_directions = 2 if both else 1
    pairs = isinstance(state, list | tuple)
    states = [s.split(n_directions) for s in (state if pairs else [state])]
    n_weights, ends = len(weights) // n_layers, []
    for i in range(n_layers):
        own = [s[i] for s in states]
        output, *end = func(
            input, own if pairs else own[0], weights[i * n_weights : (i + 1) * n_weights], *options
        )
        ends.append(end)
        # torch draws the masks with the steps first, whatever batch_first is.
        steps_first = output.transpose(0, 1) if first and not mode.in_prediction else output
        dropped = _dropout(mode, func, steps_first, p) if i < n_layers - 1 else steps_first
        input = dropped.transpose(0, 1) if first and not mode.in_prediction else dropped
    return (input, *(torch.cat(parts) for parts in zip(*ends)))


def _borrow(mode, func, *args, **kwargs):
    """Lend the state to torch's global generator for functions that can use no other."""
    generator = mode.generator("cpu")
    with seeded_globally(0):
        torch.set_rng_state(generator.get_state())
        output = func(*args, **kwargs)
        generator.set_state(torch.get_rng_state())
    return output


def _recurrent_or_packed(mode, func, *args):
    # Packed sequences have their batch sizes instead of the state, and one more argument.
    packed = isinstance(args[1], torch.Tensor) and args[1].ndim == 1
    return (_borrow if packed else _recurrent)(mode, func, *args)


_CHANNELS = (functional.dropout1d, functional.dropout2d, functional.dropout3d)
_WITH_GENERATOR = (
    torch.rand,
    torch.randn,
    torch.randint,
    torch.randperm,
    torch.normal,
    torch.bernoulli,
    torch.multinomial,
    torch.Tensor.bernoulli_,
    torch.Tensor.uniform_,
    torch.Tensor.normal_,
    torch.Tensor.random_,
    torch.Tensor.exponential_,
    torch.Tensor.geometric_,
)
_RECURRENT = (torch.gru, torch.lstm, torch.rnn_tanh, torch.rnn_relu)
_WITHOUT_GENERATOR = (
    functional.multi_head_attention_forward,
    functional.alpha_dropout,
    functional.feature_alpha_dropout,
    functional.rrelu,
    functional.gumbel_softmax,
)
_HANDLERS: dict[Any, Callable] = {
    functional.dropout: _dropout,
    functional.scaled_dot_product_attention: _attention,
    torch.rand_like: partial(_fill_like, fill=torch.Tensor.uniform_),
    torch.randn_like: partial(_fill_like, fill=torch.Tensor.normal_),
    **dict.fromkeys(_CHANNELS, partial(_dropout, n_axes=2)),
    **dict.fromkeys(_WITH_GENERATOR, _draw),
    **dict.fromkeys(_RECURRENT, _recurrent_or_packed),
    **dict.fromkeys(_WITHOUT_GENERATOR, _borrow),
}
