"""Locks of folders and files that one process at a time may write."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout


@contextmanager
def lock(path: str | Path, owner: str) -> Iterator[None]:
    """Hold the lock of a file or folder while the block runs.

    The lock is the file ``.<name>.lock`` next to the path.  The system releases it when the process
    ends, however it ends.

    Parameters
    ----------
    path : str or Path
        What is written.

    owner : str
        Function or class named in the error.

    Raises
    ------
    RuntimeError
        Another process, or another block of this one, holds the lock.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.utils.locks import lock
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with lock(f"{folder}/table.parquet", "predict"):
    ...         with lock(f"{folder}/table.parquet", "predict"):
    ...             pass
    Traceback (most recent call last):
    ...
    RuntimeError: predict: .../table.parquet is in use by another run; wait for it, or stop it
    """
    path = Path(path)
    held = FileLock(path.with_name(f".{path.name}.lock"), blocking=False)
    try:
        held.acquire()
    except Timeout:
        raise RuntimeError(
            f"{owner}: {path} is in use by another run; wait for it, or stop it"
        ) from None
    try:
        yield
    finally:
        held.release()
