"""Measurements of alert packets before they are merged, for stores that collect them."""

import io
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from nested_pandas import NestedFrame
from numpy.typing import ArrayLike, NDArray

from skastro.io._alert_history import first_detections, sort_history
from skastro.io._alert_packets import Packets, join_packets, parse_batch, take_packets
from skastro.io._alert_sources import find_packet_files, load_batches
from skastro.utils.columns import standard_columns
from skastro.utils.ragged import nest

_BAND = "[ -~]{1,8}"


class AlertMeasurements(NamedTuple):
    """Result of :func:`read_alert_measurements`.

    Attributes
    ----------
    survey : str or None
        Survey of the alerts; None if there are none.

    alert_id, object_id : ndarray of shape (n_alerts,), dtype object
        Identifiers as strings.  An alert without an object, such as one of a moving object, has
        its own identifier as `object_id`.

    time : ndarray of shape (n_alerts,)
        Date of the measurement that raised the alert [MJD].

    statics : DataFrame of shape (n_alerts, n_columns)
        The standard columns, NaN where unknown.

    alert : ndarray of int of shape (n_rows,)
        Alert that each measurement belongs to.

    rows : dict of str -> ndarray of shape (n_rows,)
        time [MJD], band, flux, flux_err [FLUXCAL, zero point 27.5], detected, and rank: 0 for a
        detection, 1 for forced photometry, 2 for an upper limit.

    skipped : dict of str -> str
        Reason for each file or packet that was left out.

    Examples
    --------
    >>> from skastro.io import AlertMeasurements
    >>> AlertMeasurements._fields[:3]
    ('survey', 'alert_id', 'object_id')
    """

    survey: str | None
    alert_id: NDArray
    object_id: NDArray
    time: NDArray
    statics: pd.DataFrame
    alert: NDArray
    rows: dict
    skipped: dict


def read_alert_measurements(
    source: Any, *, schema: Any = None, forced: bool = True, survey: str | None = None
) -> AlertMeasurements:
    """Read the measurements of alert packets without merging them into light curves.

    Parameters
    ----------
    source, schema, forced
        As in :func:`read_alerts`.

    survey : str, default=None
        Survey of the packets, ``"ZTF"`` or ``"LSST"``; those of others are left out.  By default
        that of the first packet.

    Returns
    -------
    measurements : AlertMeasurements
        Repeated alerts are kept.  Nothing is raised or warned of if packets cannot be read: they
        are in `skipped`.

    See Also
    --------
    merge_alert_measurements : Merge them into light curves.
    read_alerts : Both at once.

    Examples
    --------
    >>> from skastro.io import read_alert_measurements
    >>> source = {"jd": 2460000.5, "fid": 1, "magpsf": 20.0, "sigmapsf": 0.1, "isdiffpos": "t",
    ...           "diffmaglim": 20.5, "ra": 10.0, "dec": -5.0}
    >>> packet = {"candid": 7, "objectId": "ZTF1", "candidate": source}
    >>> found = read_alert_measurements([packet, b"nothing"])
    >>> found.object_id.tolist(), found.rows["flux"].round().tolist(), list(found.skipped)
    (['ZTF1'], [1000.0], ['packet 1'])
    """
    batches, skipped = load_batches(source, schema)
    parts = [part for b in batches for part in parse_batch(b, forced, False, skipped, False)]
    parts = [part for part in parts if len(part.alert_id) and _is_of(part, survey, skipped)]
    if not parts:
        return _nothing(skipped)
    packets = _with_plausible_bands(join_packets(parts, skipped), skipped)
    statics = standard_columns(packets.metadata, packets.metadata.get, len(packets.alert_id))
    return AlertMeasurements(
        packets.layout.survey,
        packets.alert_id,
        np.where(pd.isna(packets.object_id), packets.alert_id, packets.object_id),
        packets.time,
        pd.DataFrame(statics),
        packets.alert,
        packets.rows,
        skipped,
    )


def _with_plausible_bands(packets: Packets, skipped: dict[str, str]) -> Packets:
    """Leave out alerts whose bands are damaged."""
    names = pd.Series(packets.rows["band"], dtype=object)
    damaged = names[~names.str.fullmatch(_BAND).astype(bool)]
    for row, name in damaged.items():
        alert = f"{packets.layout.alert_id} {packets.alert_id[packets.alert[row]]}"
        skipped[alert] = f"band {name!r} is unknown"
    if damaged.empty:
        return packets
    return take_packets(
        packets,
        np.setdiff1d(np.arange(len(packets.alert_id)), packets.alert[damaged.index.to_numpy()]),
    )


def _is_of(part: Packets, survey: str | None, skipped: dict[str, str]) -> bool:
    fits = survey is None or part.layout.survey == survey
    if not fits:
        reason = f"of {part.layout.survey}, not of {survey}"
        skipped |= {f"{part.layout.alert_id} {name}": reason for name in part.alert_id}
    return fits


def _nothing(skipped: dict[str, str]) -> AlertMeasurements:
    none = np.empty(0, object)
    return AlertMeasurements(
        None, none, none, np.empty(0), pd.DataFrame(), np.empty(0, int), {}, skipped
    )


def merge_alert_measurements(
    object_id: ArrayLike, statics: pd.DataFrame, number: NDArray, rows: dict
) -> NestedFrame:
    """Merge measurements into one light curve per object.

    Parameters
    ----------
    object_id : array-like of shape (n_objects,)
        Identifiers.

    statics : DataFrame of shape (n_objects, n_columns)
        Standard columns; `trigger_time` is replaced by the date of the first detection.

    number : ndarray of int of shape (n_rows,)
        Object that each measurement belongs to.

    rows : dict of str -> ndarray of shape (n_rows,)
        As of :class:`AlertMeasurements`.  Of measurements at one date and in one band, that of
        the lowest rank counts, and the first among those.

    Returns
    -------
    X : NestedFrame of shape (n_objects, n_columns)
        As of :func:`read_alerts` with ``merge=True``.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from skastro.io import merge_alert_measurements
    >>> rows = {"time": [5.0, 5.0, 3.0], "band": ["g", "g", "g"], "flux": [0.0, 9.0, 7.0],
    ...         "flux_err": [1.0, 1.0, 1.0], "detected": [False, True, True], "rank": [2, 0, 0]}
    >>> rows = {name: np.array(values) for name, values in rows.items()}
    >>> X = merge_alert_measurements(["ZTF1"], pd.DataFrame({"ra": [9.0]}), np.zeros(3, int), rows)
    >>> X["lightcurve.flux"].tolist(), X["trigger_time"].tolist()
    ([7.0, 9.0], [3.0])
    """
    object_id = np.asarray(object_id, object)
    index = pd.Index(object_id, name="object_id")
    object_of, merged = sort_history(number, rows)
    offsets = np.searchsorted(object_of, np.arange(len(index) + 1))
    first = first_detections(object_of, merged, len(index))
    columns = {name: statics[name].to_numpy() for name in statics} | {"trigger_time": first}
    merged = merged | {"band": pd.Categorical(merged["band"])}
    return NestedFrame(columns, index=index).assign(lightcurve=nest(offsets, merged, index))


def iter_packets(source: Any, *, batch_size: int = 500) -> Iterator[Any]:
    """Yield alert packets in batches of bounded size, without decoding more than one of them.

    Parameters
    ----------
    source : path, folder, dict, bytes, pyarrow.Table, DataFrame or an iterable of these
        As in :func:`read_alerts`.  Files are read record by record (Avro) or batch by batch
        (Parquet); an iterable may be endless.

    batch_size : int, default=500
        Largest number of packets per batch.

    Yields
    ------
    packets : list of dict, bytes or path; or pyarrow.Table
        Something that :func:`read_alerts` accepts.  A file that cannot be read is yielded as its
        path, so that the reader names it and the reason.

    Raises
    ------
    ImportError
        Avro without fastavro.

    Examples
    --------
    >>> from skastro.io import iter_packets
    >>> [len(batch) for batch in iter_packets([{"candid": i} for i in range(5)], batch_size=2)]
    [2, 2, 1]
    """
    if isinstance(source, pd.DataFrame):
        source = pa.Table.from_pandas(source, preserve_index=False)
    single = isinstance(source, str | Path | dict | bytes | bytearray | memoryview | pa.Table)
    waiting: list = []
    for item in [source] if single else source:
        for piece in _pieces(item, batch_size):
            if isinstance(piece, pa.Table):
                yield from [waiting] if waiting else []
                waiting = []
                yield piece
            else:
                waiting.append(piece)
            if len(waiting) == batch_size:
                yield waiting
                waiting = []
    if waiting:
        yield waiting


def _pieces(item: Any, batch_size: int) -> Iterable:
    """Yield single packets, or tables of at most `batch_size`."""
    if isinstance(item, pa.Table):
        yield from (item.slice(i, batch_size) for i in range(0, len(item), batch_size))
    elif isinstance(item, str | Path):
        for path in find_packet_files(Path(item)):
            yield from _pieces_of_file(path, batch_size)
    else:
        yield item


def _pieces_of_file(path: Path, batch_size: int) -> Iterator:
    read = _parquet_batches if path.suffix == ".parquet" else _avro_batches
    try:
        for batch in read(path, batch_size):
            yield from batch
    except ImportError:
        raise
    # Decoders of damaged files raise nearly every built-in type; the reader names this one.
    except Exception:
        yield path


def _parquet_batches(path: Path, batch_size: int) -> Iterator[list[pa.Table]]:
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        for batch in file.iter_batches(batch_size):
            yield [pa.Table.from_batches([batch])]


def _avro_batches(path: Path, batch_size: int) -> Iterator[list[dict]]:
    try:
        import fastavro
    except ImportError:
        raise ImportError("Avro packets need fastavro: install skastro[alerts]") from None
    with io.BufferedReader(io.FileIO(path)) as file:
        records: Any = fastavro.reader(file)
        while batch := list(islice(records, batch_size)):
            yield batch
