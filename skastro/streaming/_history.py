"""Histories of objects as arrays of bytes, merged so that the order of arrival has no effect."""

import hashlib

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The store holds these bytes: another field, order or width makes its files unreadable.
MEASUREMENT = np.dtype(
    [
        ("time", "<f8"),
        ("flux", "<f8"),
        ("flux_err", "<f8"),
        ("packet_time", "<f8"),
        ("packet", "<i8"),
        ("band", "S8"),
        ("rank", "i1"),
        ("detected", "?"),
    ]
)
"""One measurement; date and number of the packet decide which of two versions counts."""


def packet_number(alert_id: str) -> int:
    """Return a number of 63 bits that depends on the identifier of an alert alone.

    Examples
    --------
    >>> from skastro.streaming._history import packet_number
    >>> packet_number("7") == packet_number("7"), packet_number("7") == packet_number("8")
    (True, False)
    """
    digest = hashlib.blake2b(alert_id.encode(), digest_size=8).digest()
    # SQLite's integers are signed.
    return int.from_bytes(digest, "little") >> 1


def to_measurements(rows: dict, packet_time: ArrayLike, packet: ArrayLike) -> NDArray:
    """Return measurements as one structured array.

    Parameters
    ----------
    rows : dict of str -> ndarray of shape (n_rows,)
        As of :class:`skastro.io.AlertMeasurements`.

    packet_time, packet : array-like of shape (n_rows,)
        Date [MJD] and number of the packet that each measurement came in.

    Returns
    -------
    measurements : ndarray of shape (n_rows,), dtype MEASUREMENT

    Examples
    --------
    >>> from skastro.streaming._history import to_measurements
    >>> rows = {"time": [1.0], "flux": [2.0], "flux_err": [0.5], "band": ["g"], "rank": [0],
    ...         "detected": [True]}
    >>> to_measurements(rows, [1.0], [7])["band"].tolist()
    [b'g']
    """
    measurements = np.empty(len(rows["time"]), MEASUREMENT)
    for name in ("time", "band", "flux", "flux_err", "rank", "detected"):
        measurements[name] = rows[name]
    measurements["packet_time"], measurements["packet"] = packet_time, packet
    return measurements


def merge(owner: NDArray, measurements: NDArray) -> tuple[NDArray, NDArray]:
    """Keep one version of every measurement, that of the newest packet.

    Parameters
    ----------
    owner : ndarray of int of shape (n_rows,)
        Object of each measurement.

    measurements : ndarray of shape (n_rows,), dtype MEASUREMENT
        In any order.

    Returns
    -------
    owner : ndarray of int of shape (n_kept,)
        Sorted.

    measurements : ndarray of shape (n_kept,), dtype MEASUREMENT
        Those of the newest packets of an object first.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.streaming._history import MEASUREMENT, merge
    >>> two = np.zeros(2, MEASUREMENT)
    >>> two["packet_time"], two["flux"] = [5.0, 6.0], [10.0, 11.0]
    >>> merge(np.zeros(2, int), two)[1]["flux"].tolist()
    [11.0]
    """
    newest = (measurements["packet"], -measurements["packet_time"])
    same = [measurements[name] for name in ("rank", "band", "time")]
    order = np.lexsort((*newest, *same, owner))
    keys = [owner[order], *(values[order] for values in same)]
    is_first = np.ones(len(order), bool)
    is_first[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    kept = order[is_first]
    final = (*same, newest[0], newest[1], owner)
    kept = kept[np.lexsort([values[kept] for values in final])]
    return owner[kept], measurements[kept]


def to_rows(measurements: NDArray) -> dict:
    """Return measurements as :func:`skastro.io.merge_alert_measurements` takes them.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.streaming._history import MEASUREMENT, to_rows
    >>> list(to_rows(np.zeros(1, MEASUREMENT)))
    ['time', 'band', 'flux', 'flux_err', 'detected', 'rank']
    """
    names = ("time", "band", "flux", "flux_err", "detected", "rank")
    rows = {name: np.ascontiguousarray(measurements[name]) for name in names}
    return rows | {"band": rows["band"].astype(str).astype(object)}
