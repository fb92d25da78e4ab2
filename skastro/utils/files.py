"""Files that are written whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def draft_of(path: Path) -> Iterator[str]:
    """Yield a name to write to; the file replaces `path` if the block succeeds.

    Parameters
    ----------
    path : Path
        File to write or to replace.

    Yields
    ------
    draft : str
        Name of an empty file in the folder of `path`; it is gone after an error.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> from skastro.utils.files import draft_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with draft_of(Path(folder) / "a.txt") as draft:
    ...         _ = Path(draft).write_text("whole")
    ...     [path.name for path in Path(folder).iterdir()]
    ['a.txt']
    """
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=path.parent)
    os.close(handle)
    try:
        yield draft
        # A rename can reach the disk before the data.
        with open(draft, "rb+") as file:
            os.fsync(file.fileno())
        os.chmod(draft, 0o666 & ~_umask())
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def _umask():
    """Return the mask of this process, which mkstemp does not use."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
