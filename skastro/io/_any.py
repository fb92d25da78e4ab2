"""Data of any supported format, recognised by content."""

import gzip
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError
from skastro.io._alerts import read_alerts
from skastro.io._observations import read_observations
from skastro.io._parquet import iter_parquet, read_parquet
from skastro.io._plasticc import read_plasticc
from skastro.io._snana import read_snana
from skastro.io._snana_files import find_heads
from skastro.io._snana_text import read_snana_text
from skastro.io._spectra import read_spectra
from skastro.io._stamps import Stamps, read_stamps
from skastro.surveys import Survey

_ALERT_FIELDS = {"candid", "diaSource", "diaSourceId", "alertId", "prv_candidates"}
_SNANA_WORDS = ("SURVEY:", "SNID:", "VARLIST:", "NOBS:", "DOCUMENTATION:")
_FITS_ENDINGS = (".fits", ".fit", ".fits.gz", ".fits.fz", ".fit.gz")


def recognize_data(path: str | os.PathLike) -> str:
    """Return the format of a file or folder, recognised by its content.

    Parameters
    ----------
    path : path-like
        File or folder.

    Returns
    -------
    kind : str
        ``"snana"`` (FITS), ``"snana_text"``, ``"parquet"`` (of :func:`write_parquet`),
        ``"alerts"``, ``"plasticc"``, ``"observations"``, ``"spectra"`` or ``"stamps"``.

    Raises
    ------
    FileNotFoundError
        There is no such file or folder.

    FormatError
        The content is none of these.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.io import recognize_data, write_parquet
    >>> X, _ = make_light_curves(3, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     recognize_data(write_parquet(X, f"{folder}/survey.pq"))
    'parquet'
    """
    path = Path(path)
    if not path.exists():
        raise FileNotFoundError(f"there is no file or folder {path}")
    kind = _kind_of_folder(path) if path.is_dir() else _kind_of_file(path)
    if kind is None:
        raise FormatError(
            f"{path}: not recognised; expected SNANA FITS or text, Parquet or CSV of "
            f"observations, PLAsTiCC, alerts (Avro, Parquet), spectra, or stamps (.npy)"
        )
    return kind


def read_data(
    path: str | os.PathLike, *, survey: str | Survey | None = None
) -> NestedFrame | Stamps:
    """Read data of any format that :func:`recognize_data` knows.

    Parameters
    ----------
    path : path-like
        File or folder.  A table of PLAsTiCC's light curves is read together with the table of
        metadata next to it, whose name contains ``metadata``.

    survey : str or Survey, default=None
        Passed on to the readers that can use it.

    Returns
    -------
    X : NestedFrame or Stamps
        One row per object; labels, if there are any, are in the column ``type``.  Stamps are a
        named tuple (X, y, metadata, image_shape).

    Raises
    ------
    FileNotFoundError, FormatError
        As :func:`recognize_data` and the reader of the format.

    See Also
    --------
    read_snana, read_snana_text, read_parquet, read_alerts, read_plasticc, read_observations,
    read_spectra, read_stamps : The readers, with all their options.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.io import read_data, write_snana
    >>> X, _ = make_light_curves(3, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_snana(X, f"{folder}/A-0001")
    ...     len(read_data(folder))
    3
    """
    path = Path(path)
    return _READERS[recognize_data(path)](path, survey)


def iter_data(
    path: str | os.PathLike, *, survey: str | Survey | None = None, chunk_size: int = 10_000
) -> Iterator[NestedFrame]:
    """Yield the objects of :func:`read_data` in frames of bounded size.

    SNANA FITS files are read one by one, Parquet files row group by row group; other formats are
    read as a whole and cut.

    Parameters
    ----------
    path, survey
        As in :func:`read_data`.

    chunk_size : int, default=10,000
        Largest number of objects per frame.

    Yields
    ------
    X : NestedFrame
        In the order of :func:`read_data`.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.io import iter_data, write_parquet
    >>> X, _ = make_light_curves(5, random_state=0)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = write_parquet(X, f"{folder}/survey.parquet")
    ...     [len(frame) for frame in iter_data(path, chunk_size=2)]
    [2, 2, 1]
    """
    path = Path(path)
    kind = recognize_data(path)
    frames: Iterable[Any]
    if kind == "snana":
        frames = (read_snana(head, survey=survey) for head in find_heads(path))
    elif kind == "parquet":
        frames = iter_parquet(path)
    else:
        frames = iter([read_data(path, survey=survey)])
    for frame in frames:
        for start in range(0, len(frame), chunk_size):
            yield frame.iloc[start : start + chunk_size]


def _kind_of_folder(path):
    names = sorted(file.name for file in path.rglob("*") if file.is_file())
    lower = [name.lower() for name in names]
    if any("head" in name and name.endswith(_FITS_ENDINGS) for name in lower):
        return "snana"
    if any(name.endswith(".npy") for name in lower):
        return "stamps"
    if any(name.endswith(".avro") for name in lower):
        return "alerts"
    files = sorted(file for file in path.iterdir() if file.is_file())
    kinds = {kind for file in files[:20] if (kind := _kind_of_file(file)) is not None}
    return kinds.pop() if len(kinds) == 1 else None


def _kind_of_file(path):
    start = _first_bytes(path)
    if start[:4] == b"PAR1":
        return _kind_of_parquet(path)
    if start[:4] == b"Obj\x01":
        return "alerts"
    if start[:6] == b"\x93NUMPY":
        return "stamps"
    if start.startswith(b"SIMPLE"):
        return "snana" if "HEAD" in path.name.upper() else "spectra"
    text = start.decode("utf-8-sig", errors="replace")
    if any(line.lstrip().startswith(_SNANA_WORDS) for line in text.splitlines()):
        return "snana_text"
    return _kind_of_table(text)


def _first_bytes(path, n_bytes=4096):
    with open(path, "rb") as file:
        start = file.read(n_bytes)
    if start[:2] == b"\x1f\x8b":
        try:
            with gzip.open(path) as file:
                return file.read(n_bytes)
        except (OSError, EOFError) as error:
            raise FormatError(f"{path}: damaged gzip file: {error}") from None
    return start


def _kind_of_parquet(path):
    names = set(pq.read_schema(path).names)
    if names & _ALERT_FIELDS:
        return "alerts"
    lower = {name.lower() for name in names}
    if "passband" in lower:
        return "plasticc"
    return "observations" if lower & {"mjd", "midpointmjdtai"} else "parquet"


def _kind_of_table(text):
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    if not lines:
        return None
    names = {name.strip().strip('"').lower() for name in lines[0].split(",")}
    if {"object_id", "passband"} <= names:
        return "plasticc"
    if "specfilename" in names:
        return "spectra"
    if names & {"mjd", "time"} and len(names) >= 4:
        return "observations"
    return "spectra" if _is_number(lines[-1].replace(",", " ").split()[0]) else None


def _is_number(word):
    try:
        float(word)
    except ValueError:
        return False
    return True


def _read_plasticc(path, survey):
    metadata = [f for f in path.parent.iterdir() if "meta" in f.name.lower() and f != path]
    if len(metadata) != 1:
        raise FormatError(
            f"{path}: PLAsTiCC light curves require one table of metadata next to them; found "
            f"{[f.name for f in metadata]}"
        )
    X, y = read_plasticc(path, metadata[0])
    return X if y is None else X.assign(type=y)


def _read_alerts(path, survey):
    return read_alerts(path, stamps=False, merge=True).X


_READERS = {
    "snana": lambda path, survey: read_snana(path, survey=survey),
    "snana_text": lambda path, survey: read_snana_text(_files(path)),
    "parquet": lambda path, survey: read_parquet(path),
    "alerts": _read_alerts,
    "plasticc": _read_plasticc,
    "observations": lambda path, survey: read_observations(path, survey=survey),
    "spectra": lambda path, survey: read_spectra(_files(path)),
    "stamps": lambda path, survey: read_stamps(path),
}


def _files(path):
    """Return the files of a folder, or the path itself."""
    return sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else path
