"""A value as tagged JSON with separate arrays, and back."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

# Many readers of JSON hold numbers as doubles.
_LARGEST_NUMBER = 2**53


class Codec(NamedTuple):
    """How one kind of value is written and read.

    Attributes
    ----------
    tag : str
        Name of the kind in the file.

    fits : callable
        ``fits(value)`` returns whether this codec writes the value.

    encode : callable
        ``encode(value, write, path)`` returns the node, a dict of JSON values; `write` writes
        what is inside, and `path` is the position of the value in the model.

    decode : callable
        ``decode(node, read)`` returns the value.

    Examples
    --------
    >>> from skastro.persistence._codec import Codec
    >>> codec = Codec("list", lambda v: type(v) is list, None, None)
    >>> codec.fits([1])
    True
    """

    tag: str
    fits: Callable[[Any], bool]
    encode: Callable[..., dict]
    decode: Callable[..., Any]


class Writer:
    """Turn a value into JSON nodes and a dict of arrays.

    Parameters
    ----------
    codecs : sequence of Codec
        The first codec that fits a value writes it.

    Attributes
    ----------
    arrays : dict of str -> ndarray
        What the nodes refer to.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.persistence._codec import Reader, Writer
    >>> from skastro.persistence._plain import PLAIN
    >>> write = Writer(PLAIN)
    >>> node = write({"a": np.arange(3)}, "model")
    >>> Reader(PLAIN, write.arrays)(node)
    {'a': array([0, 1, 2])}
    """

    def __init__(self, codecs):
        self.codecs = codecs
        self.arrays: dict[str, np.ndarray] = {}
        self._seen: dict[int, tuple[int, Any]] = {}

    def array(self, values: np.ndarray) -> str:
        """Store an array of numbers and return its name."""
        name = f"a{len(self.arrays)}"
        self.arrays[name] = np.array(values, order="C")
        return name

    def __call__(self, value: Any, path: str) -> Any:
        """Return the node of a value; one that occurs twice is written once."""
        if value is None or type(value) in (bool, str) or _is_json_number(value):
            return value
        if id(value) in self._seen:
            return {"t": "again", "n": self._seen[id(value)][0]}
        number = len(self._seen)
        # The value too: the id of one that is freed would be used again.
        self._seen[id(value)] = (number, value)
        codec = next((codec for codec in self.codecs if codec.fits(value)), None)
        if codec is None:
            kind = f"{type(value).__module__}.{type(value).__qualname__}"
            raise TypeError(f"{path} is a {kind}, which a model file cannot hold")
        return {"t": codec.tag, "n": number} | codec.encode(value, self, path)


class Reader:
    """Turn nodes and arrays of a :class:`Writer` back into the value.

    Parameters
    ----------
    codecs : sequence of Codec
        By their tags.

    arrays : dict of str -> ndarray
        What the nodes refer to.

    Examples
    --------
    >>> from skastro.persistence._codec import Reader
    >>> from skastro.persistence._plain import PLAIN
    >>> Reader(PLAIN, {})({"t": "tuple", "n": 0, "items": [1, None]})
    (1, None)
    """

    def __init__(self, codecs, arrays):
        self.codecs = {codec.tag: codec for codec in codecs}
        self.arrays = arrays
        self._made: dict[int, Any] = {}

    def array(self, name: str) -> np.ndarray:
        """Return a stored array."""
        return self.arrays[name]

    def keep(self, node: dict, value: Any) -> Any:
        """Register a value before its content is read, for objects that contain themselves."""
        self._made[node["n"]] = value
        return value

    def __call__(self, node: Any) -> Any:
        """Return the value of a node."""
        if not isinstance(node, dict):
            return node
        if node["t"] == "again":
            return self._made[node["n"]]
        return self.keep(node, self.codecs[node["t"]].decode(node, self))


def _is_json_number(value):
    if type(value) is int:
        return abs(value) <= _LARGEST_NUMBER
    return type(value) is float and math.isfinite(value)
