"""What a conversion has to do: files, labels, what is done already, and with which options."""

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from skastro.exceptions import ObjectError, name_objects
from skastro.io._snana_files import phot_of
from skastro.surveys import get_survey

_HEAD = re.compile(r"[_-]?head\.fits(\.gz)?$", re.IGNORECASE)
_FOLDER = r"([^/]+)/[^/]+$"
_OPTIONS = "convert.json"


@dataclass(frozen=True)
class Job:
    """One HEAD file, the Parquet file to write, and what stands for its objects.

    Parameters
    ----------
    head, target : Path
        The files.

    label : str or None
        Type of all objects; that of the files if None.

    prefix : str
        Stands before every identifier.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._convert_plan import Job
    >>> Job(Path("raw/A_HEAD.FITS"), Path("new/A.parquet"), "KN", "").label
    'KN'
    """

    head: Path
    target: Path
    label: str | None
    prefix: str

    def is_done(self):
        """Say whether the Parquet file is there and no older than its sources."""
        if not self.target.exists():
            return False
        try:
            sources = [self.head, phot_of(self.head)]
        except FileNotFoundError:
            sources = [self.head]
        return self.target.stat().st_mtime >= max(file.stat().st_mtime for file in sources)


def plan_jobs(heads, source, destination, label, prefix_ids):
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
    twice = sorted({str(name) for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"convert: several files would be written to {name_objects(twice)}")
    labels = _labels(heads, label)
    return [
        Job(
            head,
            destination / name.with_name(f"{name.name}.parquet"),
            own,
            f"{name.as_posix()}:" if prefix_ids else "",
        )
        for head, name, own in zip(heads, names, labels)
    ]


def _below(head, root):
    return head.relative_to(root) if root in head.parents else Path(head.name)


def _labels(heads, label):
    if label is None:
        return [None] * len(heads)
    pattern = re.compile(_FOLDER if label == "folder" else label)
    if pattern.groups != 1:
        raise ValueError(
            f"convert: label={label!r} is neither 'folder' nor an expression with one group"
        )
    found = [pattern.search(head.absolute().as_posix()) for head in heads]
    lost = [str(head) for head, match in zip(heads, found) if match is None]
    if lost:
        raise ValueError(f"convert: label={label!r} does not match {name_objects(lost)}")
    return [match.group(1) for match in found]


def settle_options(destination, options):
    """Write down the options of a conversion beside its files, or compare them.

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
        known = json.loads(path.read_text())
        other = [name for name in options if known.get(name) != options[name]]
        if other:
            told = ", ".join(f"{n}={known.get(n)!r}, not {n}={options[n]!r}" for n in other)
            raise ValueError(
                f"convert: {destination} holds files of other options: {told}; take another folder"
            )
        return
    destination.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f"{_OPTIONS}.{os.getpid()}.partial")
    partial.write_text(json.dumps(options, indent=1))
    partial.replace(path)


def describe_options(survey, columns, types, label, prefix_ids):
    """Return options as plain texts that can be written down and compared.

    Examples
    --------
    >>> from skastro.io._convert_plan import describe_options
    >>> describe_options("lsst", None, {1: "SNIa"}, None, False)["types"]
    ["1: 'SNIa'"]
    """
    return {
        "survey": None if survey is None else repr(get_survey(survey)),
        "columns": [columns] if isinstance(columns, str) else list(columns or ()),
        "types": sorted(f"{key!r}: {name!r}" for key, name in (types or {}).items()),
        "label": label,
        "prefix_ids": prefix_ids,
    }


def check_identifiers(targets):
    """Raise if an identifier occurs in several files; 8 bytes an object are held.

    Raises
    ------
    ObjectError
        Names identifiers and files.

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
    values, counts = np.unique(np.concatenate(hashes), return_counts=True)
    twice = values[counts > 1]
    owners = [t for t, own in zip(targets, hashes) if np.isin(own, twice).any()]
    seen = {}
    for target in owners:
        own = pd.Index(_identifiers(target))
        for other, ids in seen.items():
            if len(both := own.intersection(ids)):
                raise ObjectError(
                    f"convert: SNID in both {other.name} and {target.name}; all files are "
                    "written, and prefix_ids=True makes them unique",
                    both,
                )
        seen[target] = own


def _identifiers(target):
    return pq.read_table(target, columns=["object_id"])["object_id"].to_numpy()
