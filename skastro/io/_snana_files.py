"""Which files belong to a SNANA data set."""

import re
from glob import glob
from pathlib import Path

_HEAD = re.compile(r"head(?=\.fits(\.gz)?$)", re.IGNORECASE)
_PHOT = re.compile(r"phot(?=\.fits(\.gz)?$)", re.IGNORECASE)


def find_heads(path, *, recursive=False):
    """Return the HEAD files of a file, a folder, a glob pattern or a list of them.

    A folder gives the HEAD files in it, or, if it has none, those in the folders below.

    Parameters
    ----------
    path : str, Path or list of them
        ``*HEAD.FITS`` or ``*HEAD.FITS.gz`` in any letter case.

    recursive : bool, default=False
        A folder gives the HEAD files in it and those below.

    Returns
    -------
    heads : list of Path
        Sorted within each folder or pattern.

    Raises
    ------
    FileNotFoundError
        Nothing is there.

    ValueError
        A file is named that is no HEAD file.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io import find_heads
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (pathlib.Path(folder) / "DES_head.fits.GZ").touch()
    ...     [head.name for head in find_heads(folder)]
    ['DES_head.fits.GZ']
    """
    if isinstance(path, (list, tuple)):
        return [head for one in path for head in find_heads(one, recursive=recursive)]
    path = Path(path).expanduser()
    if path.is_file():
        if not _HEAD.search(path.name):
            raise ValueError(f"{path} is no SNANA HEAD file: its name does not end in HEAD.FITS")
        return [path]
    if path.is_dir():
        heads = [] if recursive else _heads_among(path.iterdir())
        heads = heads or _heads_among(path.rglob("*"))
    else:
        heads = _heads_among(Path(match) for match in glob(str(path)))
    if not heads:
        raise FileNotFoundError(f"no SNANA HEAD file (*HEAD.FITS, *HEAD.FITS.gz) at {path}")
    return heads


def phot_of(head):
    """Return the PHOT file beside a HEAD file, compressed or not, in any letter case.

    Raises
    ------
    FileNotFoundError
        There is none; the message names what was looked for.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io._snana_files import phot_of
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     (pathlib.Path(folder) / "A_PHOT.FITS.gz").touch()
    ...     phot_of(pathlib.Path(folder) / "A_HEAD.FITS").name
    'A_PHOT.FITS.gz'
    """
    head = Path(head)
    wanted = _plain(_HEAD.sub("PHOT", head.name))
    files = [file for file in head.parent.iterdir() if _PHOT.search(file.name)]
    found = sorted(file for file in files if _plain(file.name) == wanted)
    if not found:
        name = _HEAD.sub("PHOT", head.name)
        raise FileNotFoundError(f"{head} has no partner {name} (or with/without .gz) beside it")
    same_suffix = [f for f in found if f.suffix.lower() == head.suffix.lower()]
    return (same_suffix or found)[0]


def _plain(name):
    return name.lower().removesuffix(".gz")


def _heads_among(files):
    return sorted(file for file in files if _HEAD.search(file.name) and file.is_file())
