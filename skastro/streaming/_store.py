"""Histories of the objects of an alert stream in a SQLite file."""

import json
import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io import AlertMeasurements, merge_alert_measurements
from skastro.streaming._history import MEASUREMENT, merge, packet_number, to_measurements, to_rows
from skastro.utils.columns import STANDARD_COLUMNS
from skastro.utils.locks import lock

_MEMORY = ":memory:"
_TABLES = """
CREATE TABLE IF NOT EXISTS notes (name TEXT PRIMARY KEY, value) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alerts (alert_id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS objects (
    object_id TEXT PRIMARY KEY, alert_id TEXT, packet INTEGER, last_time REAL, n_alerts INTEGER,
    statics BLOB, history BLOB, pending INTEGER
);
CREATE INDEX IF NOT EXISTS waiting ON objects (pending) WHERE pending;
"""
_UPSERT = """
INSERT OR REPLACE INTO objects
    (object_id, alert_id, packet, last_time, n_alerts, statics, history, pending)
VALUES (?, ?, ?, ?, ?, ?, ?, 1)
"""
# One variable for all names, because SQLite limits their number.
_AMONG = "IN (SELECT value FROM json_each(?))"


class AlertStore:
    """Store the history of every object of an alert stream in one SQLite file.

    The content depends on the set of alerts that were added, and neither on their order, nor on
    repeats, nor on how they were divided into batches.  Every method that writes is one
    transaction: a process that is killed leaves the state before or after it.  The file is locked
    for other processes while it is open.

    Parameters
    ----------
    path : str or Path
        The file; ``":memory:"`` for a store that ends with the process.

    Raises
    ------
    RuntimeError
        Another process uses the file.

    FormatError
        The file is not a SQLite database.

    Examples
    --------
    >>> from skastro.io import read_alert_measurements
    >>> from skastro.streaming import AlertStore
    >>> source = {"jd": 2460000.5, "fid": 1, "magpsf": 20.0, "sigmapsf": 0.1, "isdiffpos": "t",
    ...           "diffmaglim": 20.5, "ra": 10.0, "dec": -5.0}
    >>> later = source | {"jd": 2460003.5}
    >>> packets = [{"candid": 8, "objectId": "ZTF1", "candidate": later},
    ...            {"candid": 7, "objectId": "ZTF1", "candidate": source}]
    >>> with AlertStore(":memory:") as store:
    ...     for packet in [*packets, packets[0]]:
    ...         _ = store.add(read_alert_measurements([packet]))
    ...     X = store.light_curves(["ZTF1"])
    >>> X["lightcurve.time"].tolist(), X["alert_id"].tolist(), X["n_alerts"].tolist()
    ([60000.0, 60003.0], ['8'], [2])
    """

    def __init__(self, path: str | Path):
        self.path = path
        with ExitStack() as opened:
            if str(path) != _MEMORY:
                opened.enter_context(lock(path, type(self).__name__))
            self._database = opened.enter_context(closing(sqlite3.connect(path)))
            self._create()
            self._opened = opened.pop_all()

    def _create(self):
        try:
            self._database.execute("PRAGMA journal_mode=WAL")
            self._database.executescript(_TABLES)
        except sqlite3.DatabaseError as error:
            raise FormatError(f"{type(self).__name__}: {self.path}: {error}") from None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file and release its lock."""
        self._opened.close()

    @property
    def n_alerts(self) -> int:
        """Number of different alerts."""
        return self._value("SELECT count(*) FROM alerts")

    @property
    def n_objects(self) -> int:
        """Number of objects."""
        return self._value("SELECT count(*) FROM objects")

    @property
    def n_finished(self) -> int:
        """Number of calls of :meth:`finish`, which numbers the batches of predictions."""
        return self._note("n_finished") or 0

    @property
    def survey(self) -> str | None:
        """Survey of the alerts; None before the first."""
        return self._note("survey")

    def add(self, measurements: AlertMeasurements) -> int:
        """Add alerts to the histories of their objects, which then wait for a prediction.

        Parameters
        ----------
        measurements : AlertMeasurements
            Alerts of one survey.

        Returns
        -------
        n_new : int
            Number of alerts that the store did not have.

        Raises
        ------
        FormatError
            The alerts belong to another survey than those in the store.
        """
        if measurements.survey is None:
            return 0
        if self.survey not in (None, measurements.survey):
            raise FormatError(
                f"{type(self).__name__}: {self.path} holds alerts of {self.survey}, not of "
                f"{measurements.survey}"
            )
        fresh = self._fresh(measurements.alert_id)
        if len(fresh):
            with self._database:
                # One transaction: an alert that is known is in its history.
                self._write_note("survey", measurements.survey)
                new = [(name,) for name in measurements.alert_id[fresh]]
                self._database.executemany("INSERT INTO alerts VALUES (?)", new)
                self._database.executemany(_UPSERT, self._updated(measurements, fresh))
        return len(fresh)

    def pending(self, limit: int) -> list[str]:
        """Return identifiers of at most `limit` objects that wait for a prediction."""
        query = "SELECT object_id FROM objects WHERE pending ORDER BY object_id LIMIT ?"
        return [name for (name,) in self._database.execute(query, (limit,))]

    def light_curves(self, object_id: Iterable[str]) -> NestedFrame:
        """Return objects with their light curves.

        Parameters
        ----------
        object_id : iterable of str
            Identifiers; those that are not in the store are left out.

        Returns
        -------
        X : NestedFrame of shape (n_objects, n_columns)
            As of :func:`skastro.io.read_alerts` with ``merge=True``, sorted by identifier, with
            the further columns alert_id and last_time [MJD] of the latest alert, and n_alerts.
        """
        query = (
            "SELECT object_id, alert_id, last_time, n_alerts, statics, history FROM objects "
            f"WHERE object_id {_AMONG} ORDER BY object_id"
        )
        found = self._database.execute(query, (json.dumps(list(object_id)),)).fetchall()
        names, alerts, times, counts, statics, histories = zip(*found) if found else [()] * 6
        values = np.frombuffer(b"".join(statics)).reshape(len(names), len(STANDARD_COLUMNS))
        number, measurements = _joined(histories)
        table = pd.DataFrame(values, columns=STANDARD_COLUMNS)
        X = merge_alert_measurements(names, table, number, to_rows(measurements))
        return X.assign(
            alert_id=list(alerts), last_time=np.array(times, float), n_alerts=np.array(counts, int)
        )

    def finish(self, object_id: Sequence[str]) -> None:
        """Record that the predictions of some objects are written."""
        query = f"UPDATE objects SET pending = 0 WHERE object_id {_AMONG}"
        with self._database:
            self._database.execute(query, (json.dumps(list(object_id)),))
            self._write_note("n_finished", self.n_finished + 1)

    def use_model(self, version: str) -> None:
        """Make all objects wait for a prediction if the version of the model has changed."""
        if self._note("version") == version:
            return
        with self._database:
            self._database.execute("UPDATE objects SET pending = 1")
            self._write_note("version", version)

    def _fresh(self, alert_id: NDArray) -> NDArray[np.intp]:
        """Return the positions of the first occurrences of alerts that are not in the store."""
        query = f"SELECT alert_id FROM alerts WHERE alert_id {_AMONG}"
        known = [name for (name,) in self._database.execute(query, (json.dumps(list(alert_id)),))]
        names = pd.Series(alert_id)
        return np.flatnonzero(~(names.duplicated() | names.isin(known)).to_numpy())

    def _updated(self, found, fresh):
        """Yield the rows of the objects that the fresh alerts belong to."""
        # Sorted as in `_histories`, which numbers the same names.
        number, names = pd.factorize(found.object_id[fresh], sort=True)
        packet = np.array([packet_number(name) for name in found.alert_id[fresh]])
        stored = self._stored(names)
        histories = self._histories(found, fresh, number, packet, stored)
        counts = np.bincount(number)
        order = np.lexsort((-packet, found.time[fresh], number))
        latest = order[np.append(np.diff(number[order]) > 0, True)]
        statics = found.statics[list(STANDARD_COLUMNS)].to_numpy(float)[fresh[latest]]
        for i, name in enumerate(names):
            alert = fresh[latest[i]]
            row = (found.alert_id[alert], int(packet[latest[i]]), float(found.time[alert]))
            n_alerts, values = int(counts[i]), statics[i].tobytes()
            if name in stored:
                *old, n_old, old_values, _ = stored[name]
                n_alerts += n_old
                if (old[2], -old[1]) > (row[2], -row[1]):
                    row, values = tuple(old), old_values
            yield (name, *row, n_alerts, values, histories[i])

    def _stored(self, names):
        query = (
            "SELECT object_id, alert_id, packet, last_time, n_alerts, statics, history "
            f"FROM objects WHERE object_id {_AMONG}"
        )
        found = self._database.execute(query, (json.dumps(list(names)),))
        return {name: values for name, *values in found}

    def _histories(self, found, fresh, number, packet, stored):
        """Return the merged history of every object as bytes."""
        position = np.full(len(found.alert_id), -1)
        position[fresh] = np.arange(len(fresh))
        own = position[found.alert]
        rows, own = {name: v[own >= 0] for name, v in found.rows.items()}, own[own >= 0]
        new = to_measurements(rows, found.time[fresh][own], packet[own])
        names = np.unique(found.object_id[fresh].astype(str))
        old_number, old = _joined([stored[n][-1] if n in stored else b"" for n in names])
        owner, merged = merge(np.append(old_number, number[own]), np.append(old, new))
        bounds = np.searchsorted(owner, np.arange(len(names) + 1))
        return [merged[a:b].tobytes() for a, b in zip(bounds[:-1], bounds[1:])]

    def _value(self, query, *arguments):
        row = self._database.execute(query, arguments).fetchone()
        return None if row is None else row[0]

    def _note(self, name):
        return self._value("SELECT value FROM notes WHERE name = ?", name)

    def _write_note(self, name, value):
        self._database.execute("INSERT OR REPLACE INTO notes VALUES (?, ?)", (name, value))


def _joined(histories: Sequence[bytes]) -> tuple[NDArray, NDArray]:
    """Return the object of each measurement, and the measurements of all objects."""
    measurements = np.frombuffer(b"".join(histories), MEASUREMENT)
    counts = [len(history) // MEASUREMENT.itemsize for history in histories]
    return np.repeat(np.arange(len(histories)), counts), measurements
