"""Tables of predictions that a stream keeps up to date."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pandas as pd

from skastro.utils.files import draft_of


class ParquetSink:
    """Write predictions to a folder of Parquet files, one per batch.

    Parameters
    ----------
    folder : str or Path
        Created if it does not exist.  Each store requires a folder of its own, because batches are
        numbered by the store.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from skastro.streaming import ParquetSink
    >>> first = pd.DataFrame({"label": ["SNIa", "SNII"]}, index=["ZTF1", "ZTF2"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sink = ParquetSink(folder)
    ...     sink.write(first.rename_axis("object_id"), 0)
    ...     sink.write(first[:1].assign(label="AGN").rename_axis("object_id"), 1)
    ...     sink.read()["label"].to_dict()
    {'ZTF1': 'AGN', 'ZTF2': 'SNII'}
    """

    def __init__(self, folder: str | Path):
        self.folder = Path(folder)

    def write(self, table: pd.DataFrame, number: int) -> None:
        """Write the predictions of a batch, replacing those of the same number.

        Parameters
        ----------
        table : DataFrame
            One row per object, with its identifier as index.

        number : int
            Number of the batch.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with draft_of(self.folder / f"part-{number:09d}.parquet") as draft:
            table.to_parquet(draft)

    def read(self) -> pd.DataFrame:
        """Return the latest prediction of every object, sorted by identifier."""
        parts = [pd.read_parquet(path) for path in self._paths()]
        table = pd.concat(parts) if parts else pd.DataFrame()
        return table[~table.index.duplicated(keep="last")].sort_index()

    def compact(self) -> None:
        """Replace all files by one with the latest prediction of every object."""
        *older, last = self._paths()
        # The new file first: a killed run leaves predictions twice, which `read` settles.
        with draft_of(last) as draft:
            self.read().to_parquet(draft)
        for path in older:
            path.unlink()

    def _paths(self) -> list[Path]:
        return sorted(self.folder.glob("part-*.parquet"))


class SQLiteSink:
    """Write predictions to a table of a SQLite file, one row per object.

    Parameters
    ----------
    path : str or Path
        The file.

    table : str, default="predictions"
        Name of the table; object_id is its key.

    Examples
    --------
    >>> import tempfile
    >>> import pandas as pd
    >>> from skastro.streaming import SQLiteSink
    >>> first = pd.DataFrame({"label": ["SNIa", "SNII"]}, index=["ZTF1", "ZTF2"])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sink = SQLiteSink(f"{folder}/predictions.sqlite")
    ...     sink.write(first.rename_axis("object_id"), 0)
    ...     sink.write(first[:1].assign(label="AGN").rename_axis("object_id"), 1)
    ...     sink.read()["label"].to_dict()
    {'ZTF1': 'AGN', 'ZTF2': 'SNII'}
    """

    def __init__(self, path: str | Path, table: str = "predictions"):
        self.path = Path(path)
        self.table = table

    def write(self, table: pd.DataFrame, number: int) -> None:
        """Write the predictions of a batch, replacing earlier ones of the same objects.

        Parameters
        ----------
        table : DataFrame
            One row per object, with its identifier as index.

        number : int
            Number of the batch.

        Raises
        ------
        ValueError
            The table has other columns.
        """
        rows = table.rename_axis("object_id").reset_index()
        names = [_quoted(name) for name in rows.columns]
        # Objects, because sqlite3 does not know NumPy's numbers, nor NaN as NULL.
        values = rows.astype(object).where(rows.notna(), None).to_numpy().tolist()
        own = _quoted(self.table)
        columns, marks = ", ".join(names), ", ".join("?" * len(names))
        # sqlite3's own context commits and does not close.
        with closing(sqlite3.connect(self.path)) as database, database:
            key = f"PRIMARY KEY ({names[0]})"
            database.execute(f"CREATE TABLE IF NOT EXISTS {own} ({columns}, {key})")
            self._check_columns(database, rows.columns)
            query = f"INSERT OR REPLACE INTO {own} ({columns}) VALUES ({marks})"
            database.executemany(query, values)

    def _check_columns(self, database, columns):
        """Raise unless the table was made by a model of the same classes."""
        info = database.execute(f"PRAGMA table_info({_quoted(self.table)})")
        known = [name for _, name, *_ in info]
        if known != list(map(str, columns)):
            raise ValueError(
                f"SQLiteSink: table {self.table!r} of {self.path} has the columns {known}, not "
                f"{list(columns)}; choose another table= for a model of other classes"
            )

    def read(self) -> pd.DataFrame:
        """Return the predictions of all objects, sorted by identifier."""
        query = f"SELECT * FROM {_quoted(self.table)} ORDER BY object_id"
        with closing(sqlite3.connect(self.path)) as database:
            return pd.read_sql_query(query, database, index_col="object_id")


def _quoted(name: object) -> str:
    return '"' + str(name).replace('"', '""') + '"'
