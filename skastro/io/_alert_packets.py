"""Decoded alert packets: identifiers, history, static values and undecoded cutouts."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skastro.exceptions import FormatError
from skastro.io._alert_history import read_history
from skastro.io._alert_layouts import AlertLayout, field_names, find_layout
from skastro.io._alert_sources import Batch
from skastro.io._alert_stamps import Cutouts, read_cutouts
from skastro.utils.columns import STATIC_ALIASES

_OBJECT = "diaObject"
# Above, floats skip whole numbers.
_EXACT = 2**53
_STANDARD = tuple(alias for aliases in STATIC_ALIASES.values() for alias in aliases)
_NULLABLE = {
    kind: getattr(pd, f"{name}Dtype")()
    for kind, name in (
        (pa.int8(), "Int8"),
        (pa.int16(), "Int16"),
        (pa.int32(), "Int32"),
        (pa.int64(), "Int64"),
        (pa.uint64(), "UInt64"),
        (pa.bool_(), "Boolean"),
    )
}


class Packets(NamedTuple):
    """Some alerts of one survey.

    Attributes
    ----------
    layout : AlertLayout
        The survey's layout.

    alert_id, object_id : ndarray of shape (n_alerts,), dtype object
        Identifiers as str; None for an alert without an object.

    time : ndarray of shape (n_alerts,)
        Date of the measurement that raised the alert [MJD].

    alert : ndarray of int of shape (n_rows,)
        Alert that each measurement belongs to.

    rows : dict of str -> ndarray of shape (n_rows,)
        Measurements, see :class:`History`.

    metadata : DataFrame of shape (n_alerts, n_fields)
        Scalar fields.

    cutouts : Cutouts
        Undecoded cutouts.
    """

    layout: AlertLayout
    alert_id: NDArray
    object_id: NDArray
    time: NDArray
    alert: NDArray
    rows: dict
    metadata: pd.DataFrame
    cutouts: Cutouts


def parse_batch(
    batch: Batch, forced: bool, stamps: bool, skipped: dict[str, str], all_fields: bool = True
) -> list[Packets]:
    """Return the packets of a batch; a packet that cannot be read goes to `skipped`.

    If the batch cannot be read as a whole, its packets are read one by one.
    """
    try:
        found, faults = _parse(batch.table, forced, stamps, all_fields)
    except (pa.ArrowException, FormatError, ValueError, TypeError, KeyError) as error:
        if len(batch.names) == 1:
            skipped[batch.names[0]] = str(error)
            return []
        singles = (Batch([name], batch.table.slice(i, 1)) for i, name in enumerate(batch.names))
        return [
            p
            for single in singles
            for p in parse_batch(single, forced, stamps, skipped, all_fields)
        ]
    for i, reason in faults.items():
        identifier = found.alert_id[i]
        named = f" ({found.layout.alert_id} {identifier})" if identifier else ""
        skipped[f"{batch.names[i]}{named}"] = reason
    return [take_packets(found, np.setdiff1d(np.arange(len(batch.names)), list(faults)))]


def _parse(
    table: pa.Table, forced: bool, stamps: bool, all_fields: bool
) -> tuple[Packets, dict[int, str]]:
    layout = find_layout(table.schema)
    kind = table.schema.field(layout.source).type
    if not pa.types.is_struct(kind):
        raise FormatError(f"{layout.source} is not a record of fields")
    missing = [name for name in layout.required if name not in field_names(kind)]
    if missing:
        raise FormatError(f"{layout.source} has no field {missing[0]!r}")
    columns = _scalars(table, layout)
    alert_id, object_id = (
        _identifiers(columns, name) for name in (layout.alert_id, layout.object_id)
    )
    if not layout.requires_object:
        # 0 is no object: such sources would become one light curve.
        object_id[object_id == "0"] = None
    history = read_history(table, layout, forced)
    faults = _missing(table, layout, alert_id, object_id) | history.faults
    if not all_fields:
        columns = {n: v for n, v in columns.items() if _is_standard(n) or n == layout.time}
    metadata = _to_pandas(columns)
    time = metadata[layout.time].to_numpy(float, na_value=np.nan) - layout.time_zero
    cutouts = read_cutouts(table, layout) if stamps else Cutouts([], np.empty((0, 2)))
    found = Packets(
        layout, alert_id, object_id, time, history.alert, history.rows, metadata, cutouts
    )
    return found, {**_implausible(metadata, layout), **faults}


def _scalars(table: pa.Table, layout: AlertLayout) -> dict[str, pa.Array]:
    """Return the scalar fields of the packet, of its measurement and of its object."""
    columns = {f.name: table[f.name] for f in table.schema if _is_scalar(f.type)}
    for name in (layout.source, _OBJECT):
        if name in table.column_names:
            structs = table[name].combine_chunks()
            for field in sorted(field_names(structs.type)):
                if _is_scalar(structs.type.field(field).type):
                    columns.setdefault(field, pc.struct_field(structs, field))
    return columns


def _is_standard(name: str) -> bool:
    """Return whether a field may hold a standard column or its error."""
    return name.lower().startswith(_STANDARD)


def _is_scalar(kind: pa.DataType) -> bool:
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    return not (pa.types.is_nested(kind) or binary)


def _to_pandas(columns: dict[str, pa.Array]) -> pd.DataFrame:
    # Whole numbers next to nulls would become floats and lose digits of identifiers.
    return pa.table(columns).to_pandas(types_mapper=_NULLABLE.get)


def _identifiers(columns: dict[str, pa.Array], name: str) -> NDArray:
    """Return identifiers as str, None where missing.

    Raises
    ------
    FormatError
        There is no such field, or it holds floats that cannot be whole numbers of all digits.
    """
    if name not in columns:
        raise FormatError(f"the packet has no field {name!r}")
    values = columns[name]
    if pa.types.is_floating(values.type):
        largest = pc.max(pc.abs(values)).as_py() or 0
        if largest > _EXACT:
            raise FormatError(f"{name} is a floating-point number that has lost digits")
        values = pc.cast(values, pa.int64())
    texts = [None if v is None else str(v).strip() for v in values.to_pylist()]
    return np.array([text or None for text in texts], object)


def _missing(
    table: pa.Table, layout: AlertLayout, alert_id: NDArray, object_id: NDArray
) -> dict[int, str]:
    """Return the first required field that each packet lacks."""
    faults: dict[int, str] = {}
    source = table[layout.source].combine_chunks()
    for name in layout.required[:4]:
        null = pc.is_null(pc.struct_field(source, name), nan_is_null=True)
        for i in np.flatnonzero(null.to_numpy(zero_copy_only=False)):
            faults.setdefault(int(i), f"{layout.source} has no {name!r}")
    for name, ids in ((layout.alert_id, alert_id), (layout.object_id, object_id)):
        if name == layout.alert_id or layout.requires_object:
            for i in np.flatnonzero(pd.isna(ids)):
                faults.setdefault(int(i), f"the packet has no {name!r}")
    return faults


def _implausible(metadata: pd.DataFrame, layout: AlertLayout) -> dict[int, str]:
    """Return the packets whose position is not on the sky."""
    limits = {"ra": (0.0, 360.0), layout.dec: (-90.0, 90.0)}
    faults = {}
    for name, (low, high) in limits.items():
        values = metadata[name].to_numpy(float, na_value=np.nan)
        for i in np.flatnonzero((values < low) | (values > high)):
            faults[int(i)] = f"{name} is {values[i]:g}, outside [{low:g}, {high:g}]"
    return faults


def join_packets(parts: list[Packets], skipped: dict[str, str]) -> Packets:
    """Join packets of one survey; those of other surveys than the first go to `skipped`."""
    layout = parts[0].layout
    for part in parts:
        if part.layout is not layout:
            for name in part.alert_id:
                skipped[f"{part.layout.alert_id} {name}"] = (
                    f"of {part.layout.survey}, not of {layout.survey} as the packets before"
                )
    parts = [part for part in parts if part.layout is layout]
    starts = np.cumsum([0, *(len(part.alert_id) for part in parts[:-1])])
    metadata = pd.concat([part.metadata for part in parts], ignore_index=True)
    contents = [row for part in parts for row in part.cutouts.contents]
    return Packets(
        layout,
        alert_id=np.concatenate([part.alert_id for part in parts]),
        object_id=np.concatenate([part.object_id for part in parts]),
        time=np.concatenate([part.time for part in parts]),
        alert=np.concatenate([part.alert + start for part, start in zip(parts, starts)]),
        rows={n: np.concatenate([part.rows[n] for part in parts]) for n in parts[0].rows},
        metadata=_plain(metadata),
        cutouts=Cutouts(contents, np.concatenate([part.cutouts.positions for part in parts])),
    )


def _plain(metadata: pd.DataFrame) -> pd.DataFrame:
    """Return nullable columns without missing values as NumPy's own types."""
    plain = {
        name: metadata[name].dtype.numpy_dtype
        for name in metadata
        if hasattr(metadata[name].dtype, "numpy_dtype") and not metadata[name].isna().any()
    }
    return metadata.astype(plain).copy()


def take_packets(packets: Packets, which: NDArray) -> Packets:
    """Return some of the alerts, in the order of `which`."""
    new = np.full(len(packets.alert_id), -1)
    new[which] = np.arange(len(which))
    keep = new[packets.alert] >= 0
    contents, positions = packets.cutouts
    return packets._replace(
        alert_id=packets.alert_id[which],
        object_id=packets.object_id[which],
        time=packets.time[which],
        alert=new[packets.alert[keep]],
        rows={name: values[keep] for name, values in packets.rows.items()},
        metadata=packets.metadata.iloc[which].reset_index(drop=True),
        cutouts=Cutouts([contents[i] for i in which], positions[which])
        if contents
        else packets.cutouts,
    )
