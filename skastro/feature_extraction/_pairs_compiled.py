"""The counts of `_pairs` compiled by numba: one pass over the pairs without temporary arrays."""

import numpy as np
from numba import njit


@njit(cache=True, inline="always")
def _place(value, bins):
    low, cells_per_unit, table, uppers, n_steps = bins
    cell = (value - low) * cells_per_unit + 1.5
    cell = min(max(cell, 0.0), len(table) - 1.0)
    found = table[int(cell)]
    for _ in range(n_steps):
        found += value >= uppers[found]
    return found


@njit(cache=True, nogil=True)
def fill_counts(offsets, time, value, time_bins, value_bins, counts):
    """Write the map of every series into `counts`."""
    n_values, n_times = counts.shape[1:]
    for series in range(len(offsets) - 1):
        own = np.zeros((n_values, n_times), np.int64)
        for i in range(offsets[series], offsets[series + 1]):
            for j in range(i + 1, offsets[series + 1]):
                column = _place(time[j] - time[i], time_bins)
                if column < 1 or column > n_times:
                    continue
                row = _place(value[j] - value[i], value_bins)
                if 1 <= row <= n_values:
                    own[row - 1, column - 1] += 1
        counts[series] = own
