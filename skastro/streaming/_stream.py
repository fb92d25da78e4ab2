"""From alert packets to a table of predictions."""

import time
import warnings
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.pipeline import Pipeline

from skastro.exceptions import ObjectWarning
from skastro.io import iter_packets, read_alert_measurements
from skastro.recipes import prediction_table
from skastro.streaming._report import StreamReport
from skastro.streaming._store import AlertStore

_ABOUT_OBJECTS = ["alert_id", "last_time", "n_alerts"]
_MOST_NAMED = 5


class AlertStream:
    """Classify the objects of an alert stream whenever a new alert of them arrives.

    Every batch of packets goes through four steps: decode, add to the histories in the store,
    predict the objects that changed, write to the sinks.  Only then is the next batch taken from
    the source, so that a slow model holds the source back instead of filling the memory; a batch
    is as large as what has arrived, up to `batch_size`.

    A run that is killed between any two steps is continued by a new one over the same or
    overlapping packets: the table of every sink ends up as if nothing had happened.  The same
    holds for repeated alerts and for alerts out of order, because a prediction depends on the set
    of alerts of its object alone.

    Parameters
    ----------
    model : classifier or Pipeline
        Fitted, with `predict_proba` for light curves.  It stays in memory.

    store : AlertStore, str or Path
        Histories of the objects; a path is opened by :meth:`run` and closed at its end.

    sinks : list of sinks or callables
        Each is a :class:`ParquetSink`, a :class:`SQLiteSink`, any other object with a method
        ``write(table, number)``, or a function of the table.  A function is called at least once
        for each prediction, the others keep one row per object.

    batch_size : int, default=500
        Largest number of packets decoded, and of objects predicted, at a time.

    schema : dict, mapping of int -> dict or path, default=None
        Avro schema of messages without their own, see :func:`skastro.io.read_alerts`.

    forced : bool, default=True
        Read forced photometry.

    version : str, default=""
        Name of the model, the column `version` of the table.  With another version than the
        store's last one all its objects are predicted again.

    See Also
    --------
    skastro.io.read_alerts : What a missing field or value means, for each survey.

    Examples
    --------
    >>> import tempfile
    >>> from sklearn.ensemble import HistGradientBoostingClassifier
    >>> from sklearn.pipeline import make_pipeline
    >>> from skastro.datasets import make_light_curves
    >>> from skastro.feature_extraction import LightCurveStatistics
    >>> from skastro.streaming import AlertStream, SQLiteSink
    >>> X, y = make_light_curves(40, survey="ZTF", classes=["SNIa", "RRL"], random_state=0)
    >>> classifier = HistGradientBoostingClassifier(random_state=0)
    >>> model = make_pipeline(LightCurveStatistics(bands=["g", "r"]), classifier).fit(X, y)
    >>> source = {"jd": 2460000.5, "fid": 1, "magpsf": 20.0, "sigmapsf": 0.1, "isdiffpos": "t",
    ...           "diffmaglim": 20.5, "ra": 10.0, "dec": -5.0}
    >>> packets = [{"candid": 7, "objectId": "ZTF1", "candidate": source}] * 2
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     sink = SQLiteSink(f"{folder}/table.sqlite")
    ...     report = AlertStream(model, f"{folder}/store.sqlite", [sink]).run(packets)
    ...     sink.read()[["alert_id", "n_alerts"]].to_dict("index")
    {'ZTF1': {'alert_id': '7', 'n_alerts': 1}}
    >>> report.n_alerts, report.n_repeated
    (1, 1)
    """

    def __init__(
        self,
        model: ClassifierMixin | Pipeline,
        store: AlertStore | str | Path,
        sinks: Sequence[Any],
        *,
        batch_size: int = 500,
        schema: Any = None,
        forced: bool = True,
        version: str = "",
    ):
        self.model = model
        self.store = store
        self.sinks = list(sinks)
        self.batch_size = batch_size
        self.schema = schema
        self.forced = forced
        self.version = version

    def run(
        self, source: Any, *, progress: Callable[[StreamReport], Any] | None = None
    ) -> StreamReport:
        """Process a source to its end.

        Parameters
        ----------
        source : KafkaPackets, path, folder, table or iterable of packets
            Whatever :func:`skastro.io.iter_packets` takes, or an object with a method
            ``batches(batch_size)``.

        progress : callable, default=None
            Called with the report after every batch.

        Returns
        -------
        report : StreamReport

        Raises
        ------
        RuntimeError
            Another process uses the store.

        Warns
        -----
        ObjectWarning
            Packets that cannot be read are left out.
        """
        if not isinstance(self.store, AlertStore):
            with AlertStore(self.store) as store:
                return self._run(source, store, progress)
        return self._run(source, self.store, progress)

    def _run(self, source, store, progress):
        report = StreamReport()
        store.use_model(self.version)
        # What a killed run left is finished first, under the number that it would have had.
        self._predict(store, report)
        # Closed at once, so that a broker gives what was not committed to the next run.
        with closing(self._batches(source)) as batches:
            for packets in batches:
                start = time.perf_counter()
                n_packets = self._collect(packets, store, report)
                self._predict(store, report)
                report.add_latencies([time.perf_counter() - start] * n_packets)
                if progress is not None:
                    progress(report)
        return report

    def _batches(self, source) -> Generator:
        if hasattr(source, "batches"):
            yield from source.batches(self.batch_size)
        else:
            yield from iter_packets(source, batch_size=self.batch_size)

    def _collect(self, packets, store, report):
        """Add packets to the store; return how many could be read."""
        with report.step("decode"):
            options = {"schema": self.schema, "forced": self.forced, "survey": store.survey}
            found = read_alert_measurements(packets, **options)
        report.add_skipped(found.skipped)
        _warn_of_skipped(found.skipped)
        with report.step("store"):
            n_new = store.add(found)
        report.n_alerts += n_new
        report.n_repeated += len(found.alert_id) - n_new
        return len(found.alert_id)

    def _predict(self, store, report):
        while names := store.pending(self.batch_size):
            with report.step("predict"):
                table = self._table(store.light_curves(names))
            with report.step("write"):
                # Before `finish`: a killed run predicts them again, under the same number.
                for sink in self.sinks:
                    _write(sink, table, store.n_finished)
                store.finish(names)
            report.n_predictions += len(names)

    def _table(self, X) -> pd.DataFrame:
        columns = [name for name in X.columns if name not in _ABOUT_OBJECTS]
        predicted = prediction_table(self.model, X[columns], errors="mark")
        about = pd.DataFrame(X[_ABOUT_OBJECTS])
        # Labels that are numbers would stand beside the text "unclassified" in one column.
        named = predicted.assign(label=predicted["label"].astype(str))
        return pd.concat([about, named], axis=1).assign(version=self.version)


def _write(sink: Any, table: pd.DataFrame, number: int) -> None:
    if hasattr(sink, "write"):
        sink.write(table, number)
    else:
        sink(table)


def _warn_of_skipped(skipped: dict[str, str]) -> None:
    if not skipped:
        return
    named = [f"{name!r} ({reason})" for name, reason in list(skipped.items())[:_MOST_NAMED]]
    rest = f" and {len(skipped) - _MOST_NAMED} more" if len(skipped) > _MOST_NAMED else ""
    warnings.warn(
        f"AlertStream: {len(skipped)} files or packets cannot be read: {'; '.join(named)}{rest}",
        ObjectWarning,
        stacklevel=5,
    )
