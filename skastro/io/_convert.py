"""A whole survey of SNANA FITS files as Parquet, file by file."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path

from joblib import Parallel, delayed
from tqdm.auto import tqdm

from skastro.exceptions import FormatError, ObjectWarning
from skastro.io._convert_plan import (
    check_identifiers,
    describe_options,
    plan_jobs,
    plan_names,
    settle_options,
)
from skastro.io._many import check_choices, settle_duplicates
from skastro.io._parquet import write_parquet
from skastro.io._snana import read_pair
from skastro.io._snana_files import find_heads
from skastro.io._snana_statics import is_binary
from skastro.surveys import Survey, get_survey


def convert(
    source: str | Path | Sequence[str | Path],
    destination: str | Path,
    *,
    survey: str | Survey | None = None,
    columns: Sequence[str] | None = None,
    types: Mapping | str | None = None,
    label: str | None = None,
    prefix_ids: bool = False,
    duplicates: str = "raise",
    errors: str = "raise",
    n_jobs: int | None = None,
    progress: bool = True,
) -> list[Path]:
    """Convert SNANA FITS files to Parquet files, one for each HEAD/PHOT pair.

    Each worker holds one file in memory.  A file is written under another name and renamed when
    it is complete, so an interrupted conversion resumes, and several may run at once.  A file is
    finished if it was made from the current source files, by their size and modification time.  The
    options are kept in ``convert.json`` next to the files; a conversion with other options is
    refused there.

    Parameters
    ----------
    source : str, Path or list of them
        As in :func:`read_snana`; for a folder all HEAD files in it and below.

    destination : str or Path
        Folder; the folders below a source folder are kept.

    survey, columns, types
        See :func:`read_snana`.

    label : str, default=None
        What to write as ``type`` instead of that of the files: ``"folder"``, the name of the
        folder that holds the HEAD file, or a regular expression that is searched in its path
        and whose only group is the label, as ``r"ELASTICC2_TRAIN_02_([^/]+)/"``.

    prefix_ids : bool, default=False
        Write the path of the file and a colon before each identifier, for files that all number
        their objects from 1.

    duplicates : {"raise", "number", "first"}, default="raise"
        What to do with objects that share an identifier: raise an error, append ``_2``, ``_3``,
        … to the further ones, or keep the first, in the order of the HEAD files.  All options
        except ``"raise"`` read the identifiers of all HEAD files before the conversion.

    errors : {"raise", "skip"}, default="raise"
        What to do with files that cannot be converted: raise an error after all others are
        converted, or leave them out with one warning.

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
        Files could not be converted and ``errors="raise"``, or none could; all others are
        converted.  The message contains each error.

    ObjectError
        Two files have objects of one identifier and ``duplicates="raise"``; all files are
        converted.

    Warns
    -----
    ObjectWarning
        Files that are left out with ``errors="skip"``, with the causes.

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
    check_choices("convert", duplicates, errors)
    is_binary(types)
    known = None if survey is None else get_survey(survey)
    columns = [columns] if isinstance(columns, str) else list(columns or ())
    heads, destination = find_heads(source, recursive=True), Path(destination).expanduser()
    jobs = plan_jobs(heads, source, destination, label, prefix_ids)
    options = describe_options(survey, columns, types, label, prefix_ids, duplicates)
    settle_options(destination, options)
    jobs = jobs if duplicates == "raise" else plan_names(jobs, duplicates)
    work = [job for job in jobs if not job.is_done()]
    bar = tqdm(total=len(jobs), initial=len(jobs) - len(work), disable=not progress, unit="file")
    faults: dict[Path, str] = {}
    with bar:
        tasks = (delayed(_convert_one)(job, known, columns, types) for job in work)
        for target, fault in Parallel(n_jobs=n_jobs, return_as="generator_unordered")(tasks):
            faults |= {target: fault} if fault else {}
            bar.update()
    _report(faults, len(jobs), errors)
    targets = [job.target for job in jobs if job.target not in faults]
    check_identifiers(targets)
    return targets


def _report(faults, n_jobs, errors):
    told = "\n".join(sorted(faults.values()))
    if faults and (errors == "raise" or len(faults) == n_jobs):
        hint = "" if len(faults) == n_jobs else "\nerrors='skip' leaves them out"
        raise RuntimeError(f"convert: {len(faults)} of {n_jobs} files failed:\n{told}{hint}")
    if faults:
        warnings.warn(
            f"convert: {len(faults)} of {n_jobs} files are left out:\n{told}",
            ObjectWarning,
            stacklevel=3,
        )


def _convert_one(job, survey, columns, types):
    """Return the target and None, or the error message."""
    partial, fault = job.partial(), None
    try:
        job.target.parent.mkdir(parents=True, exist_ok=True)
        source = job.source()
        X = _finished(read_pair(job.pair, survey, columns, types), job)
        write_parquet(X, partial, source=source)
        partial.replace(job.target)
    # One bad file, of whatever kind, must not stop a conversion of thousands.
    except Exception as error:
        is_told = isinstance(error, FormatError | FileNotFoundError)
        text = str(error) if is_told else f"{type(error).__name__}: {error}"
        fault = text if str(job.pair.head) in text else f"{job.pair.head}: {text}"
    finally:
        partial.unlink(missing_ok=True)
    job.remove_left_overs()
    return job.target, fault


def _finished(X, job):
    """Return the objects with their labels and identifiers."""
    if job.prefix:
        X = X.set_index((job.prefix + X.index).rename(X.index.name))
    if job.names:
        X = X.set_axis(list(job.names), axis=0).rename_axis(X.index.name)
        X = X[X.index.notna()]
    X = settle_duplicates(X, duplicates="raise", owner="convert")
    if job.label is None:
        return X
    X = X.assign(type=job.label)
    return X[[*(name for name in X.columns if name != "lightcurve"), "lightcurve"]]
