"""What commands write: tables in several formats, whole or not at all."""

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import click
import pandas as pd

FORMATS = (".csv", ".parquet", ".pq", ".txt", ".fitres")


def check_output(path, overwrite: bool, formats=None) -> Path:
    """Return the path to write to, before any work starts.

    Raises
    ------
    FileExistsError
        It exists and is not to be replaced.

    FileNotFoundError
        Its folder does not exist.

    ValueError
        Its extension is not one of `formats`.

    Examples
    --------
    >>> from skastro.cli._output import check_output
    >>> check_output("table.doc", False, (".csv",))
    Traceback (most recent call last):
    ...
    ValueError: table.doc: the extension determines the format; expected .csv
    """
    path = Path(path)
    if formats is not None and path.suffix.lower() not in formats:
        raise ValueError(
            f"{path}: the extension determines the format; expected {', '.join(formats)}"
        )
    if path.exists() and not overwrite:
        raise FileExistsError(f"{path} exists; --overwrite replaces it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"the folder {path.parent} does not exist")
    return path


@contextlib.contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Yield a draft to write to; it is renamed to the file if the block succeeds.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skastro.cli._output import atomic
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "a.txt"
    ...     with atomic(path) as draft:
    ...         _ = draft.write_text("whole")
    ...     path.read_text()
    'whole'
    """
    handle, draft = tempfile.mkstemp(prefix=f".{path.name}.", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    try:
        yield Path(draft)
        os.replace(draft, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(draft)


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table with identifiers as CSV (SNID first), Parquet or FITRES, by the extension.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pandas as pd
    >>> from skastro.cli._output import write_table
    >>> table = pd.DataFrame({"PROB_SCONE": [0.5]}, pd.Index(["7"], name="SNID"))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "p.fitres"
    ...     write_table(table, path)
    ...     print(path.read_text())
    VARNAMES: CID PROB_SCONE
    SN: 7 0.5
    <BLANKLINE>
    """
    with atomic(path) as draft:
        if path.suffix.lower() == ".csv":
            table.to_csv(draft)
        elif path.suffix.lower() in {".parquet", ".pq"}:
            table.to_parquet(draft)
        else:
            draft.write_text("".join(_fitres_lines(table)))


def _fitres_lines(table):
    """Return the lines of SNANA's table format: no blanks inside a value, -9 for none."""
    yield " ".join(["VARNAMES:", "CID", *table.columns]) + "\n"
    for identifier, *values in table.itertuples():
        cells = ["-9" if pd.isna(v) else str(v).replace(" ", "_") or "-" for v in values]
        yield " ".join(["SN:", str(identifier), *cells]) + "\n"


def done_file_option(function):
    """Add ``--done-file`` to a command: SUCCESS or FAILURE for workflow managers.

    Examples
    --------
    >>> import click
    >>> from skastro.cli._output import done_file_option
    >>> command = click.command()(done_file_option(lambda **options: None))
    >>> [option.name for option in command.params]
    ['done_file']
    """
    text = "File that says SUCCESS or FAILURE at the end, as Pippin expects."
    return click.option("--done-file", type=click.Path(path_type=Path), help=text)(function)


@contextlib.contextmanager
def tell_done(path: Path | None) -> Iterator[None]:
    r"""Write SUCCESS or FAILURE to a file when the block ends.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> from skastro.cli._output import tell_done
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder) / "done.txt"
    ...     with tell_done(path):
    ...         pass
    ...     path.read_text()
    'SUCCESS\n'
    """
    if path is None:
        yield
        return
    path.unlink(missing_ok=True)
    try:
        yield
    except BaseException:
        path.write_text("FAILURE\n")
        raise
    path.write_text("SUCCESS\n")
