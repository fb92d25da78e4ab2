"""Alert packets of ZTF and LSST: stamps, light curves and metadata."""

import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from nested_pandas import NestedFrame

from skastro.exceptions import FormatError, ObjectWarning, name_objects
from skastro.io._alert_history import history_rows
from skastro.io._alert_layouts import find_layout
from skastro.io._cutouts import decode_cutout, place, recentre
from skastro.utils.ragged import nest

_OBJECT = "diaObject"
_STATICS = {"redshift": "z_final", "redshift_err": "z_final_err", "mwebv": "mwebv"}
_BROKEN = (OSError, EOFError, ValueError, KeyError, pa.ArrowTypeError)


class Alerts(NamedTuple):
    """What :func:`read_alerts` returns; row i of everything is one alert.

    Attributes
    ----------
    X : NestedFrame of shape (n_alerts, n_columns)
        Index: identifier of the alert, as text.  Columns object_id, ra, dec, where the packet has
        them redshift, redshift_err and mwebv (NaN where negative, which codes missing), and
        lightcurve: all measurements in the packet, with the fields time [MJD], band, flux,
        flux_err [FLUXCAL, of zero point 27.5] and detected.

    stamps : ndarray of shape (n_alerts, 3 * size**2) or None
        Flattened from (height, width, channel) with science, reference and difference; float32.

    image_shape : tuple of 3 ints or None
        For :class:`skastro.neural_network.StampCNNClassifier`.

    metadata : DataFrame of shape (n_alerts, n_fields)
        The numbers and texts of the packet, of the measurement that raised the alert and of the
        object.

    Examples
    --------
    >>> from skastro.io import Alerts
    >>> Alerts._fields
    ('X', 'stamps', 'image_shape', 'metadata')
    """

    X: NestedFrame
    stamps: np.ndarray | None
    image_shape: tuple | None
    metadata: pd.DataFrame


def read_alerts(source, *, stamp_size=None, stamps=True):
    """Read alert packets of ZTF, LSST or ELAsTiCC.

    Parameters
    ----------
    source : str, Path, sequence of these, DataFrame or pyarrow.Table
        Avro packets (``.avro``, one or many alerts each; needs the extra ``alerts``), Parquet
        files, folders of either, or a table with the nested fields of the packets.

    stamp_size : int, default=None
        Side of the stamps [pixels]; that of the largest cutout by default.  Cutouts smaller than
        the largest come from the edge of a detector: their missing rows and columns become NaN, on
        the side that the position in the packet tells, else at the end.  Then all are cut at
        their middle, or padded around it with NaN, so that the candidate stays in the centre.

    stamps : bool, default=True
        Decode the cutouts, if there are any.

    Returns
    -------
    alerts : Alerts
        Named tuple of X, stamps, image_shape and metadata.

    Raises
    ------
    FormatError
        The packets fit no survey, or nothing could be read.

    ImportError
        Avro without fastavro.

    Warns
    -----
    ObjectWarning
        Files that cannot be read, or whose fields have other types than those before, are
        named together and left out; alerts whose cutouts cannot be decoded are named
        together and have stamps of NaN.

    Notes
    -----
    Magnitudes of ZTF become FLUXCAL with the sign of ``isdiffpos``; upper limits become a flux of
    0 with a fifth of the limit as error and are not `detected`.  LSST fluxes come in nJy.  Where
    forced photometry has the date and band of a detection, the detection counts.  Measurements
    without a date, a flux or its error are left out.

    Examples
    --------
    >>> import pandas as pd
    >>> from skastro.io import read_alerts
    >>> source = {"jd": 2460000.5, "fid": 1, "magpsf": 20.0, "sigmapsf": 0.1, "isdiffpos": "t",
    ...           "diffmaglim": 20.5, "ra": 10.0, "dec": -5.0}
    >>> limit = source | {"jd": 2459990.5, "magpsf": None, "sigmapsf": None}
    >>> packet = {"candid": 7, "objectId": "ZTF1", "candidate": source, "prv_candidates": [limit]}
    >>> alerts = read_alerts(pd.DataFrame([packet]))
    >>> alerts.X["lightcurve"].iloc[0][["time", "flux", "detected"]].round(1).values.tolist()
    [[59990.0, 0.0, False], [60000.0, 1000.0, True]]
    """
    table = _read_table(source)
    try:
        layout = find_layout(table.schema)
    except ValueError as error:
        raise FormatError(f"read_alerts: {error}") from None
    metadata = _metadata(table, layout)
    identifier = metadata[layout.alert_id].astype(str)
    index = pd.Index(identifier, name="alert_id")
    metadata.index = index
    images, shape = _stamps(table, layout, index, stamp_size) if stamps else (None, None)
    return Alerts(_light_curves(table, layout, metadata, index), images, shape, metadata)


def _light_curves(table, layout, metadata, index):
    alert, rows = history_rows(table, layout)
    offsets = np.searchsorted(alert, np.arange(len(table) + 1))
    rows["band"] = pd.Categorical(rows["band"])
    declination = "dec" if "dec" in metadata else "decl"
    frame = NestedFrame(
        {
            "object_id": metadata[layout.object_id].astype(str),
            "ra": metadata["ra"].astype(float),
            "dec": metadata[declination].astype(float),
        },
        index=index,
    )
    for name, field in _STATICS.items():
        if field in metadata:
            values = metadata[field].astype(float)
            frame[name] = values.where(values >= 0)
    return frame.assign(lightcurve=nest(offsets, rows, index))


def _metadata(table, layout):
    """Scalar fields of the packet, of its measurement and of its object."""
    fields = {field.name: field for field in table.schema}
    columns = {name: table[name] for name, field in fields.items() if _is_scalar(field.type)}
    for name in (layout.source, _OBJECT):
        if name in fields and pa.types.is_struct(fields[name].type):
            structs = table[name].combine_chunks()
            for i in range(structs.type.num_fields):
                field = structs.type.field(i)
                if _is_scalar(field.type):
                    columns.setdefault(field.name, pc.struct_field(structs, field.name))
    return pa.table(columns).to_pandas()


def _is_scalar(kind):
    return not (
        pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind)
    )


def _stamps(table, layout, index, size):
    """Rows of the three cutouts and their shape; None where there are none."""
    contents = [_contents(table, name) for name in layout.cutouts]
    if all(content is None for row in contents for content in row):
        return None, None
    images, broken = [], []
    for name, row in zip(index, zip(*contents)):
        try:
            images.append([decode_cutout(content) for content in row])
        except (*_BROKEN, TypeError, AttributeError):
            images.append(None)
            broken.append(name)
    if broken:
        warnings.warn(
            f"read_alerts: cutouts of {len(broken)} alerts cannot be decoded and are NaN: "
            f"{name_objects(broken)}",
            ObjectWarning,
            stacklevel=4,
        )
    full = max((max(i.shape) for row in images if row for i in row), default=size or 1)
    size = size or full
    stamps = np.full((len(images), size, size, 3), np.nan, np.float32)
    for i, (row, corner) in enumerate(zip(images, _corners(table, layout, full))):
        for channel, image in enumerate(row or []):
            stamps[i, ..., channel] = recentre(place(image, full, corner), size)
    return stamps.reshape(len(stamps), -1), (size, size, 3)


def _corners(table, layout, size):
    """Whether an alert lies at the lower edges, in y and in x."""
    source = table[layout.source].combine_chunks()
    names = {source.type.field(i).name for i in range(source.type.num_fields)}
    axes = next((pair for pair in (("ypos", "xpos"), ("y", "x")) if set(pair) <= names), None)
    if axes is None:
        return [(False, False)] * len(table)
    places = (pc.struct_field(source, name).to_numpy(zero_copy_only=False) for name in axes)
    return [tuple(bool(value < size / 2) for value in pair) for pair in zip(*places)]


def _contents(table, name):
    """Bytes of the files of one cutout, None where missing."""
    if name not in table.column_names:
        return [None] * len(table)
    column = table[name].combine_chunks()
    if pa.types.is_struct(column.type):
        column = pc.struct_field(column, "stampData")
    return column.to_pylist()


def _read_table(source):
    if isinstance(source, pa.Table):
        return source
    if isinstance(source, pd.DataFrame):
        return pa.Table.from_pandas(source, preserve_index=False)
    paths = [source] if isinstance(source, str | Path) else list(source)
    tables, fields, broken = [], [], []
    for path in _files(paths):
        try:
            table = _read_file(path)
            fields = [_join([*fields, table.slice(0, 0)])]
            tables.append(table)
        except _BROKEN as error:
            broken.append(f"{path.name} ({error})")
    if broken:
        warnings.warn(
            f"read_alerts: {len(broken)} files cannot be read and are left out: "
            f"{name_objects(broken)}",
            ObjectWarning,
            stacklevel=3,
        )
    if not tables:
        raise FormatError(
            f"read_alerts: no alerts in {name_objects([str(path) for path in paths])}"
        )
    return _join(tables)


def _join(tables):
    return pa.concat_tables(tables, promote_options="permissive")


def _files(paths):
    """Files, and those in folders, in order."""
    for path in map(Path, paths):
        if path.is_dir():
            yield from sorted(p for p in path.iterdir() if p.suffix in {".avro", ".parquet"})
        else:
            yield path


def _read_file(path):
    if path.suffix == ".parquet":
        return pq.read_table(path)
    try:
        import fastavro
    except ImportError:
        raise ImportError("Avro packets need fastavro: install skastro[alerts]") from None
    with open(path, "rb") as file:
        return pa.Table.from_pylist(list(fastavro.reader(file)))
