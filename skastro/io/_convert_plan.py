"""Plan of a conversion: files, labels, identifiers, options, and what is already done."""

import json
import os
import re
import socket
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from glob import escape
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from skastro.exceptions import ObjectError, name_objects
from skastro.io._many import numbered
from skastro.io._parquet import read_source
from skastro.io._snana import read_identifiers
from skastro.io._snana_files import SnanaPair, find_pairs
from skastro.surveys import Survey, get_survey

_HEAD = re.compile(r"[_-]?head\.fits(\.gz|\.fz)?$", re.IGNORECASE)
_FOLDER = r"([^/]+)/[^/]+$"
_OPTIONS = "convert.json"


@dataclass(frozen=True)
class Job:
    """One HEAD file, the Parquet file to write, and what is special to its objects.

    Parameters
    ----------
    pair : SnanaPair
        The HEAD file and the files that belong to it.

    target : Path
        The Parquet file.

    label : str or None
        Type of all objects; that of the files if None.

    prefix : str
        Precedes every identifier.

    names : tuple of str or None, default=()
        New identifier of each object, None for an object to leave out; empty to keep all.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._convert_plan import Job
    >>> from skastro.io._snana_files import SnanaPair
    >>> pair = SnanaPair(Path("raw/A_HEAD.FITS"), Path("raw/A_PHOT.FITS"), None)
    >>> Job(pair, Path("new/A.parquet"), "KN", "").label
    'KN'
    """

    pair: SnanaPair
    target: Path
    label: str | None
    prefix: str
    names: tuple = field(default=(), repr=False)

    def source(self) -> dict:
        """Return size and modification time of the source files, and the new identifiers."""
        files = [file for file in (self.pair.head, self.pair.phot) if file is not None]
        stats = {file.name: file.stat() for file in files}
        found = {name: [stat.st_size, stat.st_mtime_ns] for name, stat in stats.items()}
        return found | ({"names": list(self.names)} if self.names else {})

    def is_done(self) -> bool:
        """Return whether the Parquet file was made from the current source files."""
        return self.target.exists() and read_source(self.target) == self.source()

    def partial(self) -> Path:
        """Return the name of the unfinished file, which belongs to this process alone."""
        return self.target.with_name(
            f"{self.target.name}.{socket.gethostname()}.{os.getpid()}.partial"
        )

    def remove_left_overs(self) -> None:
        """Remove unfinished files of processes of this machine that have ended."""
        # Only those of this machine: whether processes of others still run is unknown.
        pattern = f"{escape(self.target.name)}.{escape(socket.gethostname())}.*.partial"
        for file in self.target.parent.glob(pattern):
            if not _is_running(file.name.split(".")[-2]):
                file.unlink(missing_ok=True)


def _is_running(process):
    try:
        os.kill(int(process), 0)
    except (ProcessLookupError, ValueError):
        return False
    except PermissionError:
        return True
    return True


def plan_jobs(
    heads: Sequence[Path],
    source: str | Path | Sequence[str | Path],
    destination: Path,
    label: str | None,
    prefix_ids: bool,
) -> list[Job]:
    """Return the jobs of a conversion, in the order of the HEAD files.

    Raises
    ------
    ValueError
        Two files would be written to one place, or a label cannot be found.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._convert_plan import plan_jobs
    >>> jobs = plan_jobs([Path("raw/KN/A_HEAD.FITS")], "raw/KN", Path("new"), "folder", True)
    >>> jobs[0].target.as_posix(), jobs[0].label, jobs[0].prefix
    ('new/A.parquet', 'KN', 'A:')
    """
    root = Path(source).expanduser() if isinstance(source, str | Path) else None
    names = [_below(head, root).with_name(_HEAD.sub("", head.name)) for head in heads]
    twice = sorted(str(name) for name, count in Counter(names).items() if count > 1)
    if twice:
        raise ValueError(f"convert: several files would be written to {name_objects(twice)}")
    return [
        Job(
            pair,
            destination / name.with_name(f"{name.name}.parquet"),
            own,
            f"{name.as_posix()}:" if prefix_ids else "",
        )
        for pair, name, own in zip(find_pairs(heads), names, _labels(heads, label))
    ]


def _below(head, root):
    return head.relative_to(root) if root in head.parents else Path(head.name)


def _labels(heads, label):
    if label is None:
        return [None] * len(heads)
    try:
        pattern = re.compile(_FOLDER if label == "folder" else label)
    except re.error as error:
        raise ValueError(
            f"convert: label={label!r} is not a regular expression ({error})"
        ) from None
    if pattern.groups != 1:
        raise ValueError(
            f"convert: label={label!r} is neither 'folder' nor an expression with one group"
        )
    found = [pattern.search(head.absolute().as_posix()) for head in heads]
    lost = [str(head) for head, match in zip(heads, found) if match is None]
    if lost:
        raise ValueError(f"convert: label={label!r} does not match {name_objects(lost)}")
    return [match.group(1) for match in found]


def plan_names(jobs: Sequence[Job], duplicates: str) -> list[Job]:
    """Return jobs with new identifiers for the objects that occur in several files.

    Parameters
    ----------
    jobs : list of Job
        Jobs in the order that decides which object is the first.

    duplicates : {"number", "first"}
        See :func:`convert`.

    Returns
    -------
    jobs : list of Job
        Jobs whose HEAD files cannot be read are not changed.
    """
    read = [_read_names(job) for job in jobs]
    known = pd.Index([name for names in read if names is not None for name in names], dtype=object)
    repeated = known.duplicated()
    new = numbered(known).to_numpy(object)
    if duplicates == "first":
        new = np.where(repeated, None, known)
    planned, start = [], 0
    for job, names in zip(jobs, read):
        own = slice(start, start + len(names or ()))
        start = own.stop
        renamed = names is not None and repeated[own].any()
        planned.append(
            Job(job.pair, job.target, job.label, job.prefix, tuple(new[own])) if renamed else job
        )
    return planned


def _read_names(job):
    try:
        return [job.prefix + name for name in read_identifiers(job.pair.head)]
    except (ValueError, OSError):
        return None


def settle_options(destination: Path, options: Mapping) -> None:
    """Record the options of a conversion next to its files, or compare them.

    Raises
    ------
    ValueError
        Files that are there were made with other options.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from skastro.io._convert_plan import settle_options
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     settle_options(pathlib.Path(folder), {"label": None})
    ...     settle_options(pathlib.Path(folder), {"label": "folder"})
    Traceback (most recent call last):
    ...
    ValueError: convert: ... other options: label=None, not label='folder'; ...
    """
    path = destination / _OPTIONS
    if path.exists():
        written = _read_options(path)
        other = [name for name in options if written.get(name) != options[name]]
        if other:
            told = ", ".join(
                f"{name}={written.get(name)!r}, not {name}={options[name]!r}" for name in other
            )
            raise ValueError(
                f"convert: {destination} holds files of other options: {told}; use another folder"
            )
        return
    destination.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{_OPTIONS}.{os.getpid()}.partial")
    partial.write_text(json.dumps(options, indent=1))
    partial.replace(path)


def _read_options(path):
    try:
        written = json.loads(path.read_text())
    except ValueError as error:
        raise ValueError(f"{path}: not the options of a conversion ({error})") from None
    if not isinstance(written, dict):
        raise ValueError(f"{path}: not the options of a conversion")
    return written


def describe_options(
    survey: str | Survey | None,
    columns: Sequence[str] | None,
    types: Mapping | str | None,
    label: str | None,
    prefix_ids: bool,
    duplicates: str = "raise",
) -> dict:
    """Return options as plain texts that can be written down and compared.

    Examples
    --------
    >>> from skastro.io._convert_plan import describe_options
    >>> describe_options("lsst", None, {1: "SNIa"}, None, False)["types"]
    ["1: 'SNIa'"]
    """
    pairs = {} if isinstance(types, str) else (types or {})
    return {
        "survey": None if survey is None else repr(get_survey(survey)),
        "columns": [columns] if isinstance(columns, str) else list(columns or ()),
        "types": types
        if isinstance(types, str)
        else sorted(f"{key!r}: {name!r}" for key, name in pairs.items()),
        "label": label,
        "prefix_ids": prefix_ids,
        "duplicates": duplicates,
    }


def check_identifiers(targets: Sequence[Path]) -> None:
    """Raise if an identifier occurs in several files; 8 bytes per object are held.

    Raises
    ------
    ObjectError
        Names identifiers, files and the options that help.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import write_parquet
    >>> from skastro.io._convert_plan import check_identifiers
    >>> X = NestedFrame({"z": [0.5]}, index=["SN1"]).rename_axis("object_id")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = [write_parquet(X, f"{folder}/{name}.parquet") for name in "ab"]
    ...     check_identifiers(paths)
    Traceback (most recent call last):
    ...
    skastro.exceptions.ObjectError: convert: SNID in both a.parquet and b.parquet; ...
    """
    hashes = [pd.util.hash_array(_identifiers(target), categorize=False) for target in targets]
    if not hashes:
        return
    values, counts = np.unique(np.concatenate(hashes), return_counts=True)
    twice = values[counts > 1]
    owners = [t for t, own in zip(targets, hashes) if np.isin(own, twice).any()]
    # Two texts may have one hash: compare the identifiers themselves.
    seen: dict[Path, pd.Index] = {}
    for target in owners:
        own = pd.Index(_identifiers(target))
        for other, ids in seen.items():
            if len(both := own.intersection(ids)):
                raise ObjectError(
                    f"convert: SNID in both {other.name} and {target.name}; all files are "
                    "written, but prefix_ids=True, duplicates='number' or duplicates='first' "
                    "makes them unique",
                    both,
                )
        seen[target] = own


def _identifiers(target):
    return pq.read_table(target, columns=["object_id"])["object_id"].to_numpy()
