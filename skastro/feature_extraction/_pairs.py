"""Histograms of the differences of all pairs of observations, many series at a time.

The series are packed by length into blocks without a ragged edge, in which all pairs of one lag
are the difference of two slices.  A bin is found by a lookup in a fine uniform grid and a
comparison with the next edge, so that the counts are those of a binary search, exactly.
"""

import importlib.util
from dataclasses import dataclass

import numpy as np

from skastro.utils.ragged import row_numbers, segment_ids

ENGINES = ("auto", "numba", "numpy")
_NUMBA_FROM = 2_000_000
_MOST_CELLS = 1 << 15
_BLOCK_PAIRS = 1 << 18
_BLOCK_ROWS = 1 << 13


@dataclass(frozen=True)
class Bins:
    """Edges with the table that finds the bin of a number.

    A number has place 0 below the first edge, ``k`` in the bin ``k - 1`` and ``n_bins + 1``
    above the last edge; as in `numpy.histogram` the last bin includes its upper edge.
    """

    n_bins: int
    low: float
    cells_per_unit: float
    table: np.ndarray
    uppers: np.ndarray
    n_steps: int

    @classmethod
    def from_edges(cls, edges):
        """Tabulate increasing, finite edges."""
        edges = np.asarray(edges, float)
        n_bins = len(edges) - 1
        width = edges[-1] - edges[0]
        n_cells = int(min(np.ceil(width / np.diff(edges).min()), _MOST_CELLS))
        cell = width / n_cells
        uppers = np.append(edges, np.inf)
        uppers[-2] = np.nextafter(edges[-1], np.inf)
        # Edges that are multiples of the smallest bin lie at the centres of cells, one in each;
        # the margin is far above the rounding of the product in `places`.
        starts = edges[0] + cell * (np.arange(-1, n_cells + 3) - 0.5)
        margin = 1e-5 * cell
        table = np.searchsorted(uppers, starts[:-1] - margin, side="right")
        last = np.searchsorted(uppers, starts[1:] + margin, side="right")
        n_steps = int((last - table).max())
        return cls(n_bins, edges[0], 1 / cell, table.astype(np.int16), uppers, n_steps)

    def places(self, values):
        """Return the place of each number, as ``searchsorted(uppers, values, "right")``."""
        cells = (values - self.low) * self.cells_per_unit
        cells += 1.5
        np.clip(cells, 0.0, len(self.table) - 1.0, out=cells)
        found = self.table.take(cells.astype(np.int32))
        for _ in range(self.n_steps):
            found += values >= self.uppers.take(found)
        return found


def count_pair_differences(offsets, time, value, time_bins, value_bins, engine="auto"):
    """Count the pairs of each series in bins of the differences of `time` and of `value`.

    Parameters
    ----------
    offsets : ndarray of shape (n_series + 1,)
        Series ``i`` owns the rows ``offsets[i]:offsets[i + 1]``.

    time, value : ndarray of shape (n_rows,)
        Finite; a difference is that of the later row minus the earlier one.

    time_bins, value_bins : Bins
        The bins; pairs outside are not counted.

    engine : {"auto", "numba", "numpy"}, default="auto"
        Implementation of the same counts; "auto" takes numba for many pairs if it is installed.

    Returns
    -------
    counts : ndarray of shape (n_series, n_value_bins, n_time_bins), dtype float32
    """
    n_series = len(offsets) - 1
    counts = np.zeros((n_series, value_bins.n_bins, time_bins.n_bins), np.float32)
    lengths = np.diff(offsets)
    n_pairs = lengths * (lengths - 1) // 2
    if _choose(engine, n_pairs.sum()) == "numba":
        from skastro.feature_extraction._pairs_compiled import fill_counts

        fill_counts(offsets, time, value, _unpack(time_bins), _unpack(value_bins), counts)
        return counts
    order = np.argsort(lengths, kind="stable")
    order = order[lengths[order] > 1]
    for block in _blocks(lengths[order]):
        series = order[block]
        columns = _pack(offsets, lengths, series, (time, value))
        counts[series] = _count_block(*columns, time_bins, value_bins)
    return counts


def _choose(engine, n_pairs):
    has_numba = importlib.util.find_spec("numba") is not None
    if engine == "numba" and not has_numba:
        raise ImportError("engine='numba' needs numba: install skastro[fast]")
    if engine == "auto":
        return "numba" if has_numba and n_pairs >= _NUMBA_FROM else "numpy"
    return engine


def _unpack(bins):
    return bins.low, bins.cells_per_unit, bins.table, bins.uppers, bins.n_steps


def _blocks(lengths):
    """Yield slices of series, sorted by length, that together have few rows when packed."""
    start = 0
    while start < len(lengths):
        room = max(int(_BLOCK_ROWS // lengths[start]), 1)
        limit = np.searchsorted(lengths, 1.2 * lengths[start] + 1, side="right")
        stop = min(start + room, int(limit))
        yield slice(start, stop)
        start = stop


def _count_block(time, value, time_bins, value_bins):
    n_series, longest = time.shape
    width = value_bins.n_bins + 2
    n_places = (time_bins.n_bins + 2) * width
    base = (np.arange(n_series, dtype=np.int32) * n_places)[:, None]
    counts, waiting, n_waiting = np.zeros(n_series * n_places, np.int64), [], 0
    for lag in range(1, longest):
        places = time_bins.places(time[:, lag:] - time[:, :-lag]) * np.int32(width)
        places += value_bins.places(value[:, lag:] - value[:, :-lag])
        places += base
        waiting.append(places.ravel())
        n_waiting += places.size
        if n_waiting > _BLOCK_PAIRS or lag == longest - 1:
            counts += np.bincount(np.concatenate(waiting), minlength=len(counts))
            waiting, n_waiting = [], 0
    maps = counts.reshape(n_series, time_bins.n_bins + 2, width)[:, 1:-1, 1:-1]
    return maps.transpose(0, 2, 1)


def _pack(offsets, lengths, series, columns):
    """Return each column as rows of one length; padding lies outside all bins."""
    short = lengths[series]
    starts = np.concatenate([[0], np.cumsum(short)])
    owner, place = segment_ids(starts), row_numbers(starts)
    rows = offsets[series][owner] + place
    packed = []
    for column, filler in zip(columns, (0.0, 1e200)):
        block = np.empty((len(series), short[-1]))
        block[:] = filler * np.arange(1, short[-1] + 1)
        block[owner, place] = column[rows]
        packed.append(block)
    return packed
