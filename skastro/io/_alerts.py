"""Alert packets of ZTF and LSST: stamps, light curves and metadata."""

import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectError, ObjectWarning, name_objects
from skastro.io._alert_measurements import merge_alert_measurements
from skastro.io._alert_packets import Packets, join_packets, parse_batch, take_packets
from skastro.io._alert_sources import load_batches
from skastro.io._alert_stamps import decode_stamps
from skastro.io._many import check_choices, numbered
from skastro.utils.columns import standard_columns

_MOST_NAMED = 5


class Alerts(NamedTuple):
    """Result of :func:`read_alerts`; row i of everything is one alert, or one object.

    Attributes
    ----------
    X : NestedFrame of shape (n_alerts, n_columns)
        Index: identifier of the alert as a string, or of the object with ``merge=True``.
        Column object_id (unless it is the index, missing for alerts of moving objects), the
        standard columns redshift, redshift_err, mwebv, peak_time, trigger_time (date of the
        first detection in the history), ra and dec, NaN where unknown, and lightcurve with
        the fields time [MJD], band, flux, flux_err [FLUXCAL, zero point 27.5] and detected.

    stamps : ndarray of shape (n_alerts, 3 * size**2) or None
        Flattened from (height, width, channel) with science, reference and difference; float32.

    image_shape : tuple of 3 ints or None
        (height, width, channels), for :class:`skastro.neural_network.StampCNNClassifier`.

    metadata : DataFrame of shape (n_alerts, n_fields)
        Scalar fields of the packet, of the measurement that raised the alert and of the object;
        and ``stamp_quality``, the reason why stamps are NaN, or "".

    skipped : dict of str -> str
        Reason for each file or packet that was left out; the names are also
        ``X.attrs["skipped_files"]``.

    Examples
    --------
    >>> from skastro.io import Alerts
    >>> Alerts._fields
    ('X', 'stamps', 'image_shape', 'metadata', 'skipped')
    """

    X: NestedFrame
    stamps: np.ndarray | None
    image_shape: tuple | None
    metadata: pd.DataFrame
    skipped: dict


def read_alerts(
    source: Any,
    *,
    stamp_size: int | None = None,
    stamps: bool = True,
    forced: bool = True,
    merge: bool = False,
    schema: dict | str | Path | None = None,
    duplicates: str = "first",
    errors: str = "skip",
) -> Alerts:
    """Read alert packets of ZTF, LSST or ELAsTiCC.

    Parameters
    ----------
    source : path, dict, bytes, sequence of these, DataFrame or pyarrow.Table
        Avro files (``.avro``, one or many alerts each), Parquet files, folders of either;
        packets as dictionaries, or as the bytes of Kafka messages; or a table with the nested
        fields of the packets.  Avro requires the extra ``alerts``.

    stamp_size : int, default=None
        Side of the stamps [pixels]; that of the largest cutout by default.  Cutouts smaller than
        the largest come from the edge of a detector: their missing rows and columns become NaN, on
        the side given by the position in the packet, otherwise at the end.  Then all are cropped
        or padded with NaN symmetrically, so that the candidate stays in the centre.

    stamps : bool, default=True
        Decode the cutouts, if there are any.

    forced : bool, default=True
        Read forced photometry (``fp_hists`` of ZTF, ``prvDiaForcedSources`` of LSST).  It is
        `detected` where the flux exceeds 5 times its error.

    merge : bool, default=False
        Merge the packets of one object into one row with the union of their histories; stamps and
        metadata are those of its latest packet.  An alert without an object keeps a row of its
        own, under the identifier of the alert.

    schema : dict, mapping of int -> dict or path, default=None
        Avro schema of messages that carry only the number of their schema, as those of LSST;
        a mapping holds the schema for each number.

    duplicates : {"first", "number", "raise"}, default="first"
        What to do with packets of one alert identifier: keep the first and warn, append ``_2``,
        ``_3``, ... to the others, or raise.  The default is "first" because message brokers
        deliver at least once.

    errors : {"skip", "raise"}, default="skip"
        Leave out files and packets that cannot be read and warn, or raise.  The default is "skip"
        so that a damaged packet does not stop a night.

    Returns
    -------
    alerts : Alerts
        Named tuple of X, stamps, image_shape, metadata and skipped.

    Raises
    ------
    FormatError
        Nothing could be read, or with ``errors="raise"`` anything could not; the message names
        each file or packet with the reason.

    ObjectError
        Identifiers of alerts occur more than once with ``duplicates="raise"``.

    ImportError
        Avro without fastavro.

    ValueError
        `duplicates` or `errors` is not one of its options.

    Warns
    -----
    ObjectWarning
        Files and packets that cannot be read, that lack a field, hold an unknown band or
        ``isdiffpos``, or belong to another survey than the first one; alerts left out as
        duplicates; alerts whose cutouts cannot be decoded and are NaN.

    Notes
    -----
    ZTF magnitudes become FLUXCAL with the sign of ``isdiffpos``; upper limits become a flux of
    0 with a fifth of the limit as error and are not `detected`.  Magnitudes of at least 90 in
    absolute value (99, -999) are missing.  ZTF forced fluxes are scaled by the zero point of their
    image, and those of a processing status other than 0 and 57 are left out.  LSST fluxes come in
    nJy. At one date and band a detection counts before forced photometry, and that before an upper
    limit.  Measurements without a date, a band, a flux or its error are left out.

    References
    ----------
    .. [1] F. Masci et al., PASP 131, 018003 (2019), the ZTF data system; the packets are described
       at https://github.com/ZwickyTransientFacility/ztf-avro-alert.

    Examples
    --------
    >>> from skastro.io import read_alerts
    >>> source = {"jd": 2460000.5, "fid": 1, "magpsf": 20.0, "sigmapsf": 0.1, "isdiffpos": "t",
    ...           "diffmaglim": 20.5, "ra": 10.0, "dec": -5.0}
    >>> limit = source | {"jd": 2459990.5, "magpsf": None, "sigmapsf": None}
    >>> packet = {"candid": 7, "objectId": "ZTF1", "candidate": source, "prv_candidates": [limit]}
    >>> alerts = read_alerts(packet)
    >>> alerts.X["lightcurve"].iloc[0][["time", "flux", "detected"]].round(1).values.tolist()
    [[59990.0, 0.0, False], [60000.0, 1000.0, True]]
    >>> later = packet | {"candid": 8, "candidate": source | {"jd": 2460003.5}}
    >>> merged = read_alerts([packet, later], merge=True).X
    >>> merged.index.tolist(), len(merged["lightcurve"].iloc[0]), merged["trigger_time"].tolist()
    (['ZTF1'], 3, [60000.0])
    """
    check_choices("read_alerts", duplicates, errors)
    packets, skipped = _read_packets(source, schema, forced, stamps)
    if len(packets.alert_id) == 0 or (skipped and errors == "raise"):
        raise FormatError(_report("no alerts could be read", skipped))
    if skipped:
        _warn(_report(f"{len(skipped)} files or packets cannot be read", skipped))
    packets = _without_duplicates(packets, duplicates)
    packets, alert, rows = _merged(packets) if merge else (packets, packets.alert, packets.rows)
    X = _frame(packets, alert, rows, merge)
    if skipped:
        X.attrs["skipped_files"] = list(skipped)
    images, shape, reasons = decode_stamps(packets.cutouts, stamp_size)
    if images is None:
        return Alerts(X, None, None, packets.metadata, skipped)
    broken = {name: reason for name, reason in zip(X.index, reasons) if reason}
    if broken:
        _warn(_report(f"cutouts of {len(broken)} alerts cannot be decoded and are NaN", broken))
    metadata = packets.metadata.assign(stamp_quality=reasons)
    return Alerts(X, images, shape, metadata, skipped)


def _read_packets(
    source: Any, schema: Any, forced: bool, stamps: bool
) -> tuple[Packets, dict[str, str]]:
    batches, skipped = load_batches(source, schema)
    parts = [part for b in batches for part in parse_batch(b, forced, stamps, skipped)]
    parts = [part for part in parts if len(part.alert_id)]
    if not parts:
        raise FormatError(_report("no alerts could be read", skipped))
    return join_packets(parts, skipped), skipped


def _report(what: str, reasons: dict[str, str]) -> str:
    """Return a message with the first few names and reasons."""
    named = [f"{name!r} ({reason})" for name, reason in list(reasons.items())[:_MOST_NAMED]]
    rest = f" and {len(reasons) - _MOST_NAMED} more" if len(reasons) > _MOST_NAMED else ""
    return f"read_alerts: {what}: {'; '.join(named)}{rest}" if named else f"read_alerts: {what}"


def _warn(message: str) -> None:
    warnings.warn(message, ObjectWarning, stacklevel=3)


def _without_duplicates(packets: Packets, duplicates: str) -> Packets:
    identifiers = pd.Series(packets.alert_id)
    again = identifiers.duplicated().to_numpy()
    if not again.any():
        return packets
    twice = pd.unique(identifiers[again])
    if duplicates == "raise":
        raise ObjectError(
            "read_alerts: identifiers of alerts occur more than once; duplicates='first' keeps "
            "the first alert of each, duplicates='number' makes them unique",
            twice,
        )
    if duplicates == "first":
        _warn(f"read_alerts: {again.sum()} repeated alerts are left out: {name_objects(twice)}")
        return take_packets(packets, np.flatnonzero(~again))
    new = numbered(pd.Index(packets.alert_id)).to_numpy(object)
    return packets._replace(alert_id=new)


def _merged(packets: Packets) -> tuple[Packets, np.ndarray, dict]:
    """Return the latest packet of each object, and the measurements of all its packets."""
    names = np.where(pd.isna(packets.object_id), packets.alert_id, packets.object_id)
    number, _ = pd.factorize(names)
    order = np.lexsort((packets.time, number))
    is_last = np.append(np.diff(number[order]) > 0, True)
    latest = take_packets(packets._replace(object_id=names), order[is_last])
    # Among equal ranks the measurement of the latest packet counts.
    newest = np.argsort(-packets.time[packets.alert], kind="stable")
    rows = {name: values[newest] for name, values in packets.rows.items()}
    return latest, number[packets.alert[newest]], rows


def _frame(packets: Packets, alert: np.ndarray, rows: dict, merge: bool) -> NestedFrame:
    n_alerts = len(packets.alert_id)
    statics = pd.DataFrame(standard_columns(packets.metadata, packets.metadata.get, n_alerts))
    if merge:
        return merge_alert_measurements(packets.object_id, statics, alert, rows)
    X = merge_alert_measurements(packets.alert_id, statics, alert, rows)
    X.insert(0, "object_id", packets.object_id)
    return X.rename_axis("alert_id")
