"""The options `duplicates` and `errors` of every reader of several files."""

import warnings
from collections.abc import Callable, Iterable

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from skastro.exceptions import FormatError, ObjectError, ObjectWarning, name_objects

_DUPLICATES = ("raise", "number", "first")
_ERRORS = ("raise", "skip")


def check_choices(owner: str, duplicates: str = "raise", errors: str = "raise") -> None:
    """Raise ValueError if an option has an unknown value.

    Examples
    --------
    >>> from skastro.io._many import check_choices
    >>> check_choices("read_snana", errors="ignore")
    Traceback (most recent call last):
    ...
    ValueError: read_snana: errors='ignore' is not one of 'raise', 'skip'
    """
    for name, value, known in (
        ("duplicates", duplicates, _DUPLICATES),
        ("errors", errors, _ERRORS),
    ):
        if value not in known:
            choices = ", ".join(map(repr, known))
            raise ValueError(f"{owner}: {name}={value!r} is not one of {choices}")


def read_each(
    paths: Iterable, read: Callable, *, owner: str, errors: str
) -> tuple[list, list, list[str]]:
    """Read files one by one.

    Parameters
    ----------
    paths : iterable of Path or SnanaPair
        The files.

    read : callable of Path -> object
        Reads one file; raises ValueError (with FormatError) or OSError for a bad one.

    owner : str
        Name of the reader, for messages.

    errors : {"raise", "skip"}
        Raise all errors together, or leave the bad files out and warn once.

    Returns
    -------
    read_paths, results : lists of the same length
        The files that could be read, and what was read.

    skipped : list of str
        The files that were left out.

    Raises
    ------
    FormatError
        With ``errors="raise"``: names every bad file with the cause.

    FileNotFoundError
        With ``errors="raise"``, if a missing file is the only error.

    Warns
    -----
    ObjectWarning
        With ``errors="skip"``: names the files that were left out, with the causes.
    """
    kept, results, faults = [], [], {}
    for path in paths:
        try:
            results.append(read(path))
            kept.append(path)
        except (ValueError, OSError) as error:
            faults[str(getattr(path, "head", path))] = error
    n_files = len(kept) + len(faults)
    if faults and (errors == "raise" or not kept):
        _raise(owner, faults, n_files)
    if faults:
        warnings.warn(
            f"{owner}: {len(faults)} of {n_files} files cannot be read and are left out: "
            + "; ".join(_told(path, error) for path, error in faults.items()),
            ObjectWarning,
            stacklevel=4,
        )
    return kept, results, list(faults)


def _raise(owner, faults, n_files):
    told = "; ".join(_told(path, error) for path, error in faults.items())
    if n_files == 1:
        message, cause = told, next(iter(faults.values()))
    else:
        message = f"{owner}: {len(faults)} of {n_files} files cannot be read: {told}"
        message += "" if len(faults) == n_files else "; errors='skip' leaves them out"
        cause = next(iter(faults.values()))
    kinds = {type(error) for error in faults.values()}
    kind = FileNotFoundError if kinds == {FileNotFoundError} else FormatError
    if n_files == 1 and isinstance(cause, ObjectError | FileNotFoundError):
        raise cause
    raise kind(message) from cause


def _told(path, error):
    text = str(error) or type(error).__name__
    is_told = isinstance(error, FormatError) or path in text
    return text if is_told else f"{path}: {text}"


def settle_duplicates(
    frame: pd.DataFrame, *, duplicates: str, owner: str, files: ArrayLike = ()
) -> pd.DataFrame:
    """Return a frame in which every identifier occurs once.

    Parameters
    ----------
    frame : DataFrame
        Objects; the index is the identifier.

    duplicates : {"raise", "number", "first"}
        Raise an error, append ``_2``, ``_3``, … to the second and further objects of one
        identifier, or keep the first of them.

    owner : str
        Name of the reader, for the message.

    files : array-like of str, shape (n_objects,), default=()
        File of each object, for the message.

    Returns
    -------
    frame : DataFrame
        `frame` itself if nothing occurs twice.

    Raises
    ------
    ObjectError
        With ``duplicates="raise"``: names the identifiers, the files and the option.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io._many import settle_duplicates
    >>> X = pd.DataFrame({"z": [0.1, 0.2]}, index=["a", "a"])
    >>> settle_duplicates(X, duplicates="number", owner="x").index.tolist()
    ['a', 'a_2']
    """
    repeated = frame.index.duplicated()
    if not repeated.any():
        return frame
    if duplicates == "first":
        return frame[~repeated]
    if duplicates == "number":
        return frame.set_axis(numbered(frame.index), axis=0)
    twice = frame.index[repeated].unique()
    files = np.asarray(files, object)
    where = list(dict.fromkeys(files[frame.index.isin(twice)])) if len(files) else []
    text = f" in {name_objects(where)}" if where else ""
    raise ObjectError(
        f"{owner}: identifiers occur more than once{text}; duplicates='number' makes them "
        "unique, duplicates='first' keeps the first object of each",
        twice,
    )


def numbered(index: pd.Index) -> pd.Index:
    """Return identifiers made unique by ``_2``, ``_3``, … after the repeated ones.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io._many import numbered
    >>> numbered(pd.Index(["a", "a", "a_2", "a"])).tolist()
    ['a', 'a_3', 'a_2', 'a_4']
    """
    taken, names, counts = set(index), [], {}
    for name in index:
        if name not in counts:
            counts[name] = 1
            names.append(name)
            continue
        counts[name] += 1
        while f"{name}_{counts[name]}" in taken:
            counts[name] += 1
        names.append(f"{name}_{counts[name]}")
        taken.add(names[-1])
    return pd.Index(names, name=index.name, dtype=object)
