"""Rate and latency of a stream."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

_STEPS = ("decode", "store", "predict", "write")
# Bins of one percent from a microsecond to two weeks.
_SHORTEST, _RATIO, _N_BINS = 1e-6, 1.01, 2800
_MOST_REASONS = 100


@dataclass
class StreamReport:
    """Counts, rate and latency of a run of :class:`AlertStream`.

    Parameters
    ----------
    n_alerts : int, default=0
        New alerts, repeated ones not counted.

    n_repeated : int, default=0
        Alerts that had been there before.

    n_skipped : int, default=0
        Packets and files that could not be read.

    n_predictions : int, default=0
        Rows written to the sinks.

    skipped : dict of str -> str
        Reasons of the first hundred of those that could not be read.

    seconds : dict of str -> float
        Time of each step: decode, store, predict, write.

    Examples
    --------
    >>> from skastro.streaming import StreamReport
    >>> report = StreamReport(n_alerts=4)
    >>> report.add_latencies([0.01, 0.02, 0.03])
    >>> round(report.latency(0.5), 3)
    0.02
    """

    n_alerts: int = 0
    n_repeated: int = 0
    n_skipped: int = 0
    n_predictions: int = 0
    skipped: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_STEPS, 0.0))
    _counts: NDArray = field(default_factory=lambda: np.zeros(_N_BINS, np.int64), repr=False)

    @property
    def rate(self) -> float:
        """Packets per second of work, without the time in which the stream waited for packets."""
        total = sum(self.seconds.values())
        return (self.n_alerts + self.n_repeated) / total if total else np.nan

    def latency(self, quantile: float) -> float:
        """Return a quantile of the latencies, within one percent.

        Parameters
        ----------
        quantile : float
            In [0, 1]; 0.5 for the median, 0.99 for the 99th percentile.

        Returns
        -------
        seconds : float
            From the moment at which a packet was received to that at which the prediction of its
            object was written; NaN before the first.
        """
        total = self._counts.sum()
        if total == 0:
            return np.nan
        position = np.searchsorted(np.cumsum(self._counts), quantile * total)
        return float(_SHORTEST * _RATIO ** (position + 0.5))

    def add_latencies(self, seconds: ArrayLike) -> None:
        """Count the latencies of some packets [s]."""
        ratio = np.maximum(np.asarray(seconds, float), _SHORTEST) / _SHORTEST
        bins = (np.log(ratio) / np.log(_RATIO)).astype(int)
        self._counts += np.bincount(np.minimum(bins, _N_BINS - 1), minlength=_N_BINS)

    def add_skipped(self, reasons: dict[str, str]) -> None:
        """Count packets that could not be read; keep the first hundred reasons."""
        self.n_skipped += len(reasons)
        for name, reason in reasons.items():
            if len(self.skipped) < _MOST_REASONS:
                self.skipped[name] = reason

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """Add the time of a block to a step."""
        start = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[name] += time.perf_counter() - start

    def __str__(self) -> str:
        shares = ", ".join(f"{name} {seconds:.2f} s" for name, seconds in self.seconds.items())
        return (
            f"{self.n_alerts} new alerts, {self.n_repeated} repeated, {self.n_skipped} unreadable; "
            f"{self.n_predictions} predictions; {self.rate:.0f} alerts/s; latency: median "
            f"{1e3 * self.latency(0.5):.3g} ms, 99 % {1e3 * self.latency(0.99):.3g} ms; {shares}"
        )
