"""The container of a model: a safetensors file with a JSON header, written whole or not at all."""

import hashlib
import json
import struct
from pathlib import Path

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from skastro.exceptions import FormatError
from skastro.utils.files import draft_of

FORMAT = "skastro-model"
VERSION = 1
# A damaged file may claim any length.
_LARGEST_HEADER = 64 * 2**20


def write_file(path: Path, parts: dict, arrays: dict[str, np.ndarray], *, overwrite: bool) -> None:
    """Write a model file atomically.

    Parameters
    ----------
    path : path
        File to write.

    parts : dict of str -> JSON value
        Parts of the header.

    arrays : dict of str -> ndarray
        Arrays of numbers after the header.

    overwrite : bool
        Replace an existing file.

    Raises
    ------
    FileExistsError
        The file exists and `overwrite` is False.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from pathlib import Path
    >>> from skastro.persistence._file import read_file, write_file
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder) / "model.safetensors"
    ...     write_file(path, {"model": [1]}, {"a0": np.eye(2)}, overwrite=False)
    ...     read_file(path)[0]["model"]
    [1]
    """
    if path.exists() and not overwrite:
        raise FileExistsError(f"save_model: {path} exists; overwrite=True replaces it")
    # safetensors below 0.5 writes invalid JSON for a file without arrays.
    arrays = arrays or {"none": np.zeros(0)}
    header = {name: json.dumps(part, separators=(",", ":")) for name, part in parts.items()}
    header |= {"format": FORMAT, "format_version": str(VERSION)}
    header["sha256"] = _digest(header, arrays)
    with draft_of(path) as draft:
        save_file(arrays, draft, header)


def write_text(path: Path, text: str) -> None:
    """Write a text file atomically.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skastro.persistence._file import write_text
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     write_text(pathlib.Path(folder) / "a.md", "whole")
    ...     (pathlib.Path(folder) / "a.md").read_text()
    'whole'
    """
    with draft_of(path) as draft:
        Path(draft).write_text(text)


def read_header(path: Path) -> dict:
    """Return the parts of the header of a model file; nothing else is read.

    Raises
    ------
    FormatError
        The file is not a model file of skastro, is truncated, or is of a newer format.
    """
    return _parts(path, _text_header(path))


def read_file(path: Path) -> tuple[dict, dict[str, np.ndarray]]:
    """Return the parts of the header and the arrays of a model file, after checking its digest.

    Raises
    ------
    FormatError
        As :func:`read_header`, or the file is damaged.
    """
    header = _text_header(path)
    try:
        with safe_open(path, "np") as file:
            arrays = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise FormatError(f"load_model: {path} is damaged: {error}") from None
    parts = _parts(path, header)
    if header.get("sha256") != _digest(header, arrays):
        raise FormatError(f"load_model: {path} is damaged: its digest does not fit its content")
    return parts, arrays


def _text_header(path):
    """Return the metadata of a safetensors file as text, looking at its sizes first."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        start = file.read(8)
        length = struct.unpack("<Q", start)[0] if len(start) == 8 else size
        if length > min(size - 8, _LARGEST_HEADER):
            raise FormatError(
                f"load_model: {path} is not a model file of skastro, or it is truncated "
                f"(the file has {size} bytes, its header alone would have {length})"
            )
        text = file.read(length)
    try:
        header = json.loads(text)["__metadata__"]
        if not all(isinstance(value, str) for value in header.values()):
            raise ValueError
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise FormatError(f"load_model: {path} is not a model file of skastro") from None
    return header


def _parts(path, header):
    if header.get("format") != FORMAT:
        raise FormatError(f"load_model: {path} is not a model file of skastro")
    version = header.get("format_version", "")
    if not version.isdecimal() or len(version) > 9 or int(version) > VERSION:
        raise FormatError(
            f"load_model: {path} has the format version {version[:20]!r}; this skastro reads "
            f"versions up to {VERSION}: install a newer one"
        )
    plain = {"format", "format_version", "sha256"}
    try:
        return {name: json.loads(text) for name, text in header.items() if name not in plain}
    except (ValueError, RecursionError):
        raise FormatError(f"load_model: {path} is damaged: its header is not JSON") from None


def _digest(header, arrays):
    """Return the SHA-256 of the header's parts and of name, type, shape and bytes of each array."""
    parts = {name: text for name, text in sorted(header.items()) if name != "sha256"}
    digest = hashlib.sha256(json.dumps(parts).encode())
    for name in sorted(arrays):
        values = np.ascontiguousarray(arrays[name])
        digest.update(f"{name}{values.dtype.str}{values.shape}".encode())
        digest.update(values.tobytes())
    return digest.hexdigest()
