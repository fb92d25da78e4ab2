"""Interpolation of many tabulated functions at once, each with its own abscissae.

Function ``i`` owns the rows ``offsets[i]:offsets[i + 1]``; its abscissae increase.  It is evaluated
at the targets ``target_offsets[i]:target_offsets[i + 1]``.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_banded

from skastro.utils.ragged import row_numbers, segment_ids, segment_reduce


def last_below(offsets: NDArray, x: NDArray, target_offsets: NDArray, targets: NDArray) -> NDArray:
    """Return for each target the last row of its function with ``x <= target``.

    Parameters
    ----------
    offsets, target_offsets : ndarray of shape (n_functions + 1,)
        Offsets of rows and of targets.

    x : ndarray of shape (n_rows,)
        Finite abscissae that do not decrease within a function.

    targets : ndarray of shape (n_targets,)
        Finite.

    Returns
    -------
    rows : ndarray of int of shape (n_targets,)
        ``offsets[i] - 1`` if all of the function lies above the target.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.interpolation import last_below
    >>> last_below([0, 2, 4], np.array([1.0, 2, 1, 5]), [0, 1, 3], np.array([2.0, 0, 3])).tolist()
    [1, 1, 2]
    """
    offsets, target_offsets = np.asarray(offsets), np.asarray(target_offsets)
    if len(targets) == 0 or len(x) == 0:
        return np.repeat(offsets[:-1], np.diff(target_offsets)) - 1
    owner = segment_ids(target_offsets)
    first, stop = offsets[:-1][owner], offsets[1:][owner]
    low = min(x.min(), targets.min())
    # More than the range: the last key of a function stays below the first of the next.
    span = 1.01 * max(x.max() - low, targets.max() - low, 1e-300)
    keys = segment_ids(offsets) * span + (x - low)
    found = np.searchsorted(keys, owner * span + (targets - low), side="right") - 1
    found = np.clip(found, first - 1, stop - 1)
    # The keys are rounded: step to the exact row.
    while True:
        above = (found + 1 < stop) & (x[np.minimum(found + 1, len(x) - 1)] <= targets)
        below = (found >= first) & (x[np.maximum(found, 0)] > targets)
        if not (above.any() or below.any()):
            return found
        found += above
        found -= below


def _bracket(offsets, x, target_offsets, targets):
    """Return the first row of each target's interval and whether the target is inside."""
    offsets = np.asarray(offsets)
    found = last_below(offsets, x, target_offsets, targets)
    owner = segment_ids(target_offsets)
    first, last = offsets[:-1][owner], offsets[1:][owner] - 1
    last_x = x[np.maximum(last, 0)] if len(x) else np.zeros(len(targets))
    inside = (found >= first) & (targets <= last_x) & (last > first)
    return np.where(inside, np.minimum(found, last - 1), -1), inside


def interpolate_linear(
    offsets: NDArray, x: NDArray, y: NDArray, target_offsets: NDArray, targets: NDArray
) -> NDArray:
    """Interpolate linearly; NaN outside the rows of a function.

    Parameters
    ----------
    offsets, target_offsets : ndarray of shape (n_functions + 1,)
        Offsets of rows and of targets.

    x, y : ndarray of shape (n_rows,)
        Abscissae that increase within a function, and values.

    targets : ndarray of shape (n_targets,)
        Where the functions are evaluated.

    Returns
    -------
    values : ndarray of shape (n_targets,), dtype float64

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.interpolation import interpolate_linear
    >>> x, y = np.array([0.0, 1.0, 0.0, 2.0]), np.array([0.0, 1.0, 0.0, 4.0])
    >>> interpolate_linear([0, 2, 4], x, y, [0, 1, 3], np.array([0.5, 0.5, 3.0])).tolist()
    [0.5, 1.0, nan]
    """
    rows, inside = _bracket(offsets, x, target_offsets, targets)
    values = np.full(len(rows), np.nan)
    rows, targets = rows[inside], targets[inside]
    with np.errstate(invalid="ignore"):
        share = (targets - x[rows]) / (x[rows + 1] - x[rows])
    # Exact at both ends, unlike y + share * (rise).
    values[inside] = (1 - share) * y[rows] + share * y[rows + 1]
    return values


def interpolate_cubic(
    offsets: NDArray, x: NDArray, y: NDArray, target_offsets: NDArray, targets: NDArray
) -> NDArray:
    """Interpolate with not-a-knot cubic splines; NaN outside the rows of a function.

    All splines are one tridiagonal system for the slopes at the rows [1]_.  Functions of three rows
    are parabolas; functions of two rows are lines.

    Parameters
    ----------
    offsets, target_offsets : ndarray of shape (n_functions + 1,)
        Offsets of rows and of targets.

    x, y : ndarray of shape (n_rows,)
        Abscissae that strictly increase within a function, and finite values.

    targets : ndarray of shape (n_targets,)
        Where the functions are evaluated.

    Returns
    -------
    values : ndarray of shape (n_targets,), dtype float64

    References
    ----------
    .. [1] C. de Boor (1978), A Practical Guide to Splines, chapter IV.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.interpolation import interpolate_cubic
    >>> x = np.arange(5.0)
    >>> interpolate_cubic([0, 5], x, x**3, [0, 2], np.array([1.5, 9.0])).round(9).tolist()
    [3.375, nan]
    """
    x, y = np.asarray(x, float), np.asarray(y, float)
    rows, inside = _bracket(offsets, x, target_offsets, targets)
    values = np.full(len(rows), np.nan)
    if not inside.any():
        return values
    slopes = spline_slopes(offsets, x, y)
    rows, targets = rows[inside], targets[inside]
    width = x[rows + 1] - x[rows]
    t = (targets - x[rows]) / width
    rise = y[rows + 1] - y[rows]
    a = slopes[rows] * width - rise
    b = rise - slopes[rows + 1] * width
    values[inside] = (1 - t) * y[rows] + t * y[rows + 1] + t * (1 - t) * ((1 - t) * a + t * b)
    return values


def spline_slopes(offsets: NDArray, x: NDArray, y: NDArray) -> NDArray:
    """Return the slopes at the rows of the not-a-knot cubic splines.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.interpolation import spline_slopes
    >>> x = np.arange(4.0)
    >>> bool(np.allclose(spline_slopes([0, 4], x, x**3), 3 * x**2))
    True
    """
    offsets = np.asarray(offsets)
    number, length = row_numbers(offsets), np.repeat(np.diff(offsets), np.diff(offsets))
    step = np.diff(x, append=x[-1:])
    ends = number == length - 1
    step[ends] = 1.0
    chord = np.diff(y, append=y[-1:]) / step
    below = np.zeros(len(x))
    diagonal, above, right = np.ones(len(x)), np.zeros(len(x)), np.zeros(len(x))
    k = np.flatnonzero((number > 0) & ~ends)
    diagonal[k] = 2 * (step[k - 1] + step[k])
    below[k], above[k] = step[k], step[k - 1]
    right[k] = 3 * (step[k] * chord[k - 1] + step[k - 1] * chord[k])
    _set_ends(offsets, step, chord, (below, diagonal, above, right))
    bands = np.stack([np.append(0.0, above[:-1]), diagonal, np.append(below[1:], 0.0)])
    return solve_banded((1, 1), bands, right, overwrite_ab=True, overwrite_b=True)


def _set_ends(offsets, step, chord, system):
    """Write the equations of the first and last row of every function."""
    below, diagonal, above, right = system
    lengths, first, last = np.diff(offsets), offsets[:-1], offsets[1:] - 1
    two, three, more = (first[c] for c in (lengths == 2, lengths == 3, lengths > 3))
    right[two] = right[two + 1] = chord[two]
    for edge, inner, off, place in ((three, three, above, 0), (three, three + 1, below, 2)):
        off[edge + place] = 1.0
        right[edge + place] = 2 * chord[inner]
    reach = step[more] + step[more + 1]
    diagonal[more], above[more] = step[more + 1], reach
    right[more] = (
        (step[more] + 2 * reach) * step[more + 1] * chord[more] + step[more] ** 2 * chord[more + 1]
    ) / reach
    end = last[lengths > 3]
    near, far = step[end - 1], step[end - 2]
    diagonal[end], below[end] = far, near + far
    right[end] = (near**2 * chord[end - 2] + (2 * (near + far) + near) * far * chord[end - 1]) / (
        near + far
    )


def bin_means(offsets: NDArray, x: NDArray, y: NDArray, edges: NDArray) -> NDArray:
    """Average piecewise constant functions over common bins; NaN where a bin is not fully covered.

    Row ``k`` stands for the pixel between the midpoints to its neighbours, so that the integral of
    each function is conserved.

    Parameters
    ----------
    offsets : ndarray of shape (n_functions + 1,)
        Offsets of rows.

    x, y : ndarray of shape (n_rows,)
        Abscissae that strictly increase within a function, and finite values.

    edges : ndarray of shape (n_bins + 1,)
        Increasing edges.

    Returns
    -------
    means : ndarray of shape (n_functions, n_bins)

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.utils.interpolation import bin_means
    >>> x, y = np.array([0.0, 1.0, 2.0]), np.array([2.0, 4.0, 6.0])
    >>> bin_means([0, 3], x, y, np.array([-0.5, 1.0, 2.0, 4.0])).round(6).tolist()
    [[2.666667, 5.0, nan]]
    """
    offsets, n_bins = np.asarray(offsets), len(edges) - 1
    n_functions = len(offsets) - 1
    pixel_offsets, left, borders = _pixel_borders(offsets, x)
    owner = segment_ids(offsets)
    # One running sum serves all functions: a bright one would take the digits of a faint one.
    scale = segment_reduce(offsets, np.abs(y), np.maximum, empty=1.0)
    scale = np.where(scale > 0, scale, 1.0)
    area = np.zeros(len(borders))
    area[left + 1] = y / scale[owner] * (borders[left + 1] - borders[left])
    integral = _segment_cumsum(pixel_offsets, area)
    target_offsets = np.arange(n_functions + 1) * (n_bins + 1)
    targets = np.tile(np.asarray(edges, float), n_functions)
    at_edges = interpolate_linear(pixel_offsets, borders, integral, target_offsets, targets)
    return np.diff(at_edges.reshape(n_functions, n_bins + 1)) / np.diff(edges) * scale[:, None]


def _pixel_borders(offsets, x):
    """Return offsets of borders, the left border of each pixel, and the borders themselves."""
    lengths = np.diff(offsets)
    pixel_offsets = np.concatenate([[0], np.cumsum(lengths + (lengths > 0))])
    number = row_numbers(offsets)
    left = np.repeat(pixel_offsets[:-1], lengths) + number
    borders = np.zeros(pixel_offsets[-1])
    borders[left] = borders[left + 1] = x
    inner = np.flatnonzero(number > 0)
    borders[left[inner]] = (x[inner] + x[inner - 1]) / 2
    first, last = (e[lengths > 1] for e in (offsets[:-1], offsets[1:] - 1))
    borders[left[first]] = x[first] - (x[first + 1] - x[first]) / 2
    borders[left[last] + 1] = x[last] + (x[last] - x[last - 1]) / 2
    return pixel_offsets, left, borders


def _segment_cumsum(offsets, values):
    """Return running sums that restart in each segment."""
    sums = segment_reduce(offsets, values, np.add, empty=0.0)
    filled = np.diff(offsets) > 0
    values = values.copy()
    starts = np.asarray(offsets)[:-1][filled]
    values[starts[1:]] -= sums[filled][:-1]
    return np.cumsum(values)
