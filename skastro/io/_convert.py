"""A whole survey of SNANA FITS files as Parquet, file by file."""

import re
from pathlib import Path

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from skastro.io._parquet import write_parquet
from skastro.io._snana import read_snana
from skastro.io._snana_files import find_heads

_HEAD = re.compile(r"[_-]?head\.fits(\.gz)?$", re.IGNORECASE)


def convert(
    source, destination, *, survey=None, columns=None, types=None, n_jobs=None, progress=True
):
    """Convert SNANA FITS files to Parquet files, one for each HEAD/PHOT pair.

    Each worker holds one file in memory.  A file is written under another name and renamed when
    it is complete, and files that are there already are skipped, so that an interrupted
    conversion goes on where it was.

    Parameters
    ----------
    source : str, Path or list of them
        As in :func:`read_snana`; in a folder without HEAD files those of the folders below.

    destination : str or Path
        Folder; the folders below a source folder are kept.

    survey, columns, types
        See :func:`read_snana`.

    n_jobs : int, default=None
        Number of parallel workers.

    progress : bool, default=True
        Show a progress bar over the files.

    Returns
    -------
    paths : list of Path
        The Parquet files, in the order of the HEAD files.

    Raises
    ------
    RuntimeError
        Some files could not be converted; all others are.  The message tells each error.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import convert, read_parquet, write_snana
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [1.0], "band": ["g"], "flux": [30.0], "flux_err": [2.0]}
    >>> X = NestedFrame({"mwebv": [0.5]}, index=["SN1"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_snana(X.assign(lightcurve=nest([0, 1], rows, X.index)), f"{folder}/raw/A")
    ...     paths = convert(f"{folder}/raw", f"{folder}/parquet", progress=False)
    ...     paths[0].name, read_parquet(paths[0]).index.tolist()
    ('A.parquet', ['SN1'])
    """
    heads = find_heads(source)
    targets = _targets(heads, source, Path(destination))
    work = [(head, target) for head, target in zip(heads, targets) if not target.exists()]
    bar = tqdm(total=len(heads), initial=len(heads) - len(work), disable=not progress, unit="file")
    errors = []
    with bar:
        tasks = (delayed(_convert_one)(h, t, survey, columns, types) for h, t in work)
        for error in Parallel(n_jobs=n_jobs, return_as="generator")(tasks):
            errors += [error] if error else []
            bar.update()
    if errors:
        raise RuntimeError(f"{len(errors)} of {len(heads)} files failed:\n" + "\n".join(errors))
    return targets


def _targets(heads, source, destination):
    """Where each file goes; two that would meet keep their folder names apart."""
    root = Path(source) if isinstance(source, (str, Path)) else None
    below = root is not None and root.is_dir()
    names = [(h.relative_to(root) if below else Path(h.name)) for h in heads]
    targets = [destination / n.with_name(_HEAD.sub("", n.name) + ".parquet") for n in names]
    twice = {str(t) for t in targets if targets.count(t) > 1}
    if twice:
        raise ValueError(f"convert: several files would be written to {', '.join(sorted(twice))}")
    return targets


def _convert_one(head, target, survey, columns, types):
    """Return None, or the error in words."""
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(target.name + ".partial")
    try:
        write_parquet(read_snana(head, survey=survey, columns=columns, types=types), partial)
        partial.rename(target)
    except (OSError, ValueError, KeyError) as error:
        partial.unlink(missing_ok=True)
        return f"{head}: {error}"
    return None
