"""Files of a SNANA data set."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from glob import glob
from pathlib import Path

_HEAD = re.compile(r"head(?=\.fits(\.gz|\.fz)?$)", re.IGNORECASE)
_PHOT = re.compile(r"phot(?=\.fits(\.gz|\.fz)?$)", re.IGNORECASE)


def find_heads(path: str | Path | Sequence[str | Path], *, recursive: bool = False) -> list[Path]:
    """Return the HEAD files of a file, a folder, a glob pattern or a list of them.

    For a folder these are the HEAD files in it or, if it has none, those in the folders below.

    Parameters
    ----------
    path : str, Path or list of them
        ``*HEAD.FITS`` or ``*HEAD.FITS.gz`` in any letter case.

    recursive : bool, default=False
        For a folder, return the HEAD files in it and in all folders below.

    Returns
    -------
    heads : list of Path
        Sorted within each folder or pattern.

    Raises
    ------
    FileNotFoundError
        There is no HEAD file.

    ValueError
        `path` is a file whose name is not that of a HEAD file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import find_heads
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (pathlib.Path(folder) / "DES_head.fits.GZ").touch()
    ...     [head.name for head in find_heads(folder)]
    ['DES_head.fits.GZ']
    """
    if not isinstance(path, str | Path):
        return [head for one in path for head in find_heads(one, recursive=recursive)]
    path = Path(path).expanduser()
    if path.is_file():
        if not _HEAD.search(path.name):
            raise ValueError(f"{path} is not a SNANA HEAD file: its name does not end in HEAD.FITS")
        return [path]
    if path.is_dir():
        heads = [] if recursive else _heads_among(path.iterdir())
        heads = heads or _heads_among(path.rglob("*"))
    else:
        heads = _heads_among(Path(match) for match in glob(str(path)))
    if not heads:
        raise FileNotFoundError(f"no SNANA HEAD file (*HEAD.FITS, *HEAD.FITS.gz) at {path}")
    return heads


@dataclass(frozen=True)
class SnanaPair:
    """A HEAD file and the files that belong to it.

    Parameters
    ----------
    head : Path
        The HEAD file.

    phot : Path or None
        The PHOT file next to it.

    readme : Path or None
        The README next to it, if there is exactly one.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._snana_files import SnanaPair
    >>> SnanaPair(Path("A_HEAD.FITS"), None, None).require_phot()
    Traceback (most recent call last):
    ...
    FileNotFoundError: A_HEAD.FITS has no partner A_PHOT.FITS (or with/without .gz) next to it
    """

    head: Path
    phot: Path | None
    readme: Path | None

    def require_phot(self) -> Path:
        """Return the PHOT file, or raise FileNotFoundError with its expected name."""
        if self.phot is None:
            name = _HEAD.sub("PHOT", self.head.name)
            raise FileNotFoundError(
                f"{self.head} has no partner {name} (or with/without .gz) next to it"
            )
        return self.phot


def find_pairs(heads: Iterable[Path]) -> list[SnanaPair]:
    """Return the PHOT file and the README of HEAD files; each folder is listed once.

    PHOT files may be compressed or not and in any letter case.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io._snana_files import find_pairs
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (pathlib.Path(folder) / "A_PHOT.FITS.gz").touch()
    ...     find_pairs([pathlib.Path(folder) / "A_HEAD.FITS"])[0].phot.name
    'A_PHOT.FITS.gz'
    """
    heads = [Path(head) for head in heads]
    folders = {folder: _list_folder(folder) for folder in {head.parent for head in heads}}
    pairs = []
    for head in heads:
        phots, readmes = folders[head.parent]
        found = phots.get(_plain(_HEAD.sub("PHOT", head.name)), [])
        same_suffix = [f for f in found if f.suffix.lower() == head.suffix.lower()]
        phot = next(iter(same_suffix or found), None)
        pairs.append(SnanaPair(head, phot, readmes[0] if len(readmes) == 1 else None))
    return pairs


def _list_folder(folder):
    """Return the PHOT files by plain name, and the READMEs."""
    phots, readmes = {}, []
    for file in sorted(folder.iterdir()) if folder.is_dir() else []:
        if _PHOT.search(file.name):
            phots.setdefault(_plain(file.name), []).append(file)
        elif file.name.lower().endswith(".readme"):
            readmes.append(file)
    return phots, readmes


def _plain(name):
    return re.sub(r"\.(gz|fz)$", "", name.lower())


def _heads_among(files):
    return sorted(file for file in files if _HEAD.search(file.name) and file.is_file())
