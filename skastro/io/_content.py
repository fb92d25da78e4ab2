"""Contents of files, whatever their compression, with the file's name in every error."""

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

from skastro.exceptions import FormatError, ObjectError

_gzip: ModuleType = gzip
try:
    from isal import igzip as _gzip
except ImportError:
    pass

_GZIP_MAGIC = b"\x1f\x8b"


@contextmanager
def naming(path: str | Path, *errors: type[Exception]) -> Iterator[None]:
    """Convert errors inside the block into a FormatError that names the file.

    An ObjectError is not converted.

    Parameters
    ----------
    path : str or Path
        The file.

    *errors : types of exceptions
        Errors to convert, in addition to ValueError (with UnicodeDecodeError).

    Examples
    --------
    >>> from skastro.io._content import naming
    >>> with naming("x.csv"):
    ...     float("1o.0")
    Traceback (most recent call last):
    ...
    skastro.exceptions.FormatError: x.csv: could not convert string to float: '1o.0'
    """
    kinds: tuple[type[Exception], ...] = (ValueError, *errors)
    try:
        yield
    except ObjectError:
        raise
    except FormatError as error:
        if str(path) in str(error):
            raise
        raise FormatError(f"{path}: {error}") from error
    except kinds as error:
        raise FormatError(f"{path}: {str(error) or type(error).__name__}") from error


def is_gzip(path: Path) -> bool:
    """Return whether a file is gzipped, by its first bytes.

    Raises
    ------
    FormatError
        Its name ends in ``.gz``, but its content is not gzipped.
    """
    with open(path, "rb") as file:
        magic = file.read(2)
    if path.suffix.lower() == ".gz" and magic != _GZIP_MAGIC:
        raise FormatError(f"{path}: {'not gzipped' if magic else 'empty'}, despite its name")
    return magic == _GZIP_MAGIC


def read_bytes(path: str | Path) -> bytes:
    """Return the content of a file, decompressed if it is gzipped.

    Raises
    ------
    FormatError
        The compressed content is damaged.

    Examples
    --------
    >>> import gzip, pathlib, tempfile
    >>> from skastro.io._content import read_bytes
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "x"
    ...     _ = path.write_bytes(gzip.compress(b"text"))
    ...     read_bytes(path)
    b'text'
    """
    path = Path(path)
    if not is_gzip(path):
        return path.read_bytes()
    try:
        with _gzip.open(path) as stream:
            return stream.read()
    except (OSError, EOFError, zlib.error, *_ISAL_ERRORS) as error:
        raise FormatError(f"{path}: truncated or damaged gzip file ({error})") from error


def read_text(path: str | Path) -> str:
    """Return the text of a UTF-8 file without its byte order mark.

    Raises
    ------
    FormatError
        The file is damaged or is not UTF-8.
    """
    with naming(path):
        return read_bytes(path).decode("utf-8-sig")


def _isal_errors():
    try:
        from isal import isal_zlib
    except ImportError:
        return ()
    return (isal_zlib.error,)


_ISAL_ERRORS = _isal_errors()
