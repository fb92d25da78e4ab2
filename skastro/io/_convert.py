"""A whole survey of SNANA FITS files as Parquet, file by file."""

import os
from glob import escape
from pathlib import Path

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from skastro.io._convert_plan import (
    check_identifiers,
    describe_options,
    plan_jobs,
    settle_options,
)
from skastro.io._parquet import write_parquet
from skastro.io._snana import read_snana
from skastro.io._snana_files import find_heads


def convert(
    source,
    destination,
    *,
    survey=None,
    columns=None,
    types=None,
    label=None,
    prefix_ids=False,
    n_jobs=None,
    progress=True,
):
    """Convert SNANA FITS files to Parquet files, one for each HEAD/PHOT pair.

    Each worker holds one file in memory.  A file is written under another name and renamed when
    it is complete, and files that are there already and no older than their sources are skipped,
    so that an interrupted conversion goes on where it was.  The options stand in
    ``convert.json`` beside the files, and a conversion with other ones is refused there.

    Parameters
    ----------
    source : str, Path or list of them
        As in :func:`read_snana`; of a folder all HEAD files in it and below.

    destination : str or Path
        Folder; the folders below a source folder are kept.

    survey, columns, types
        See :func:`read_snana`.

    label : str, default=None
        What to write as ``type`` in place of that of the files: ``"folder"``, the name of the
        folder that holds the HEAD file, or a regular expression that is searched in its path
        and whose only group is the label, as ``r"ELASTICC2_TRAIN_02_([^/]+)/"``.

    prefix_ids : bool, default=False
        Write the path of the file and a colon before each identifier, where files number their
        objects each from the start.

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
    FileNotFoundError
        There is no HEAD file.

    ValueError
        Before any work: two files would be written to one place, a label cannot be found, or
        the folder holds files of other options.

    RuntimeError
        Some files could not be converted; all others are.  The message tells each error.

    ObjectError
        Two files have objects of one identifier; all files are converted.

    See Also
    --------
    read_parquet, iter_parquet : Read what was written, at once or piece by piece.

    Examples
    --------
    >>> import tempfile
    >>> from nested_pandas import NestedFrame
    >>> from skastro.io import convert, read_parquet, write_snana
    >>> from skastro.utils.ragged import nest
    >>> rows = {"time": [1.0], "band": ["g"], "flux": [30.0], "flux_err": [2.0]}
    >>> X = NestedFrame({"mwebv": [0.5]}, index=["SN1"])
    >>> X = X.assign(lightcurve=nest([0, 1], rows, X.index))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = write_snana(X, f"{folder}/raw/TRAIN_KN/A")
    ...     new = f"{folder}/parquet"
    ...     paths = convert(f"{folder}/raw", new, label="TRAIN_([^/]+)/", progress=False)
    ...     paths[0].name, read_parquet(paths)["type"].to_dict()
    ('A.parquet', {'SN1': 'KN'})
    """
    heads, destination = find_heads(source, recursive=True), Path(destination).expanduser()
    jobs = plan_jobs(heads, source, destination, label, prefix_ids)
    settle_options(destination, describe_options(survey, columns, types, label, prefix_ids))
    reading = {"survey": survey, "columns": columns, "types": types}
    work = [job for job in jobs if not job.is_done()]
    bar = tqdm(total=len(jobs), initial=len(jobs) - len(work), disable=not progress, unit="file")
    errors = []
    with bar:
        tasks = (delayed(_convert_one)(job, reading) for job in work)
        for error in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks):
            errors += [error] if error else []
            bar.update()
    if errors:
        told = "\n".join(sorted(errors))
        raise RuntimeError(f"{len(errors)} of {len(jobs)} files failed:\n{told}")
    targets = [job.target for job in jobs]
    check_identifiers(targets)
    return targets


def _convert_one(job, reading):
    """Return None, or the error in words."""
    partial = job.target.with_name(f"{job.target.name}.{os.getpid()}.partial")
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        write_parquet(_finished(read_snana(job.head, **reading), job), partial)
        partial.replace(job.target)
    except Exception as error:
        return f"{job.head}: {type(error).__name__}: {error}"
    finally:
        partial.unlink(missing_ok=True)
    for left_over in job.target.parent.glob(f"{escape(job.target.name)}.*.partial"):
        left_over.unlink(missing_ok=True)
    return None


def _finished(X, job):
    """Give the objects their label and their identifiers."""
    if job.prefix:
        X = X.set_index((job.prefix + X.index).rename(X.index.name))
    if job.label is None:
        return X
    X = X.assign(type=job.label)
    return X[[*(name for name in X.columns if name != "lightcurve"), "lightcurve"]]
