"""Alert packets from files, folders, Kafka messages and tables, as Arrow tables."""

import io
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skastro.exceptions import FormatError

_PACKETS_AT_ONCE = 1_000
_AVRO_MAGIC = b"Obj\x01"
# Confluent's format: a zero byte, and the number of the schema in four.
_REGISTRY_HEADER = 5
_KIND_FIELDS = ("candidate", "diaSource", "alertId", "diaSourceId")
_SUFFIXES = {".avro", ".parquet"}


class Batch(NamedTuple):
    """Some packets as a table, and what each is called in messages."""

    names: list
    table: pa.Table


def load_batches(source: Any, schema: Any = None) -> tuple[list[Batch], dict[str, str]]:
    """Return the packets of any source, and the reason for each that cannot be decoded.

    Parameters
    ----------
    source : path, folder, dict, bytes, DataFrame, pyarrow.Table or a list of paths, dicts, bytes
        See :func:`skastro.io.read_alerts`.

    schema : dict, path or mapping of int -> dict, default=None
        Avro schema of messages that do not carry their own.

    Returns
    -------
    batches : list of Batch

    skipped : dict of str -> str
        Reason by file or packet.

    Examples
    --------
    >>> from skastro.io._alert_sources import load_batches
    >>> batches, skipped = load_batches([{"candid": 1}, b"nothing"])
    >>> batches[0].names, list(skipped)
    (['packet 0'], ['packet 1'])
    """
    if isinstance(source, pd.DataFrame):
        source = pa.Table.from_pandas(source, preserve_index=False)
    if isinstance(source, pa.Table):
        return [Batch([f"row {i}" for i in range(len(source))], source)], {}
    batches, run, skipped = [], _Run(), {}
    for name, item in _items(source):
        try:
            loaded = _load(item, schema)
        except ImportError:
            raise
        # Decoders of damaged files raise nearly every built-in type.
        except Exception as error:
            skipped[name] = f"{type(error).__name__}: {error}" if str(error) else repr(error)
            continue
        if isinstance(loaded, pa.Table):
            batches += run.flush(skipped)
            batches.append(Batch(_numbered(name, len(loaded)), loaded))
            continue
        for own, packet in zip(_numbered(name, len(loaded)), loaded):
            if not run.takes(packet):
                batches += run.flush(skipped)
            run.append(own, packet)
    return batches + run.flush(skipped), skipped


class _Run:
    """Consecutive packets of one survey, which become one table."""

    def __init__(self):
        self.names, self.packets = [], []

    def takes(self, packet: dict) -> bool:
        same = not self.packets or _kind(packet) == _kind(self.packets[0])
        return same and len(self.packets) < _PACKETS_AT_ONCE

    def append(self, name: str, packet: dict) -> None:
        self.names.append(name)
        self.packets.append(packet)

    def flush(self, skipped: dict[str, str]) -> list[Batch]:
        names, packets = self.names, self.packets
        self.names, self.packets = [], []
        return list(_as_tables(names, packets, skipped)) if packets else []


def _kind(packet: dict) -> tuple[bool, ...]:
    """Return which version of which schema a packet follows, as far as the reader has to know."""
    source = packet.get("diaSource")
    old_time = isinstance(source, dict) and "midPointTai" in source
    return (*(name in packet for name in _KIND_FIELDS), old_time)


def _items(source: Any) -> Iterator[tuple[str, Any]]:
    """Yield each file and packet with its name."""
    single = isinstance(source, str | Path | dict | bytes | bytearray | memoryview)
    for i, item in enumerate([source] if single else source):
        if isinstance(item, str | Path):
            yield from ((path.name, path) for path in find_packet_files(Path(item)))
        else:
            yield f"packet {i}", item


def find_packet_files(path: Path) -> Iterable[Path]:
    """Return the Avro and Parquet files of a folder, or the path itself.

    Examples
    --------
    >>> from pathlib import Path
    >>> from skastro.io._alert_sources import find_packet_files
    >>> [path.name for path in find_packet_files(Path("night.avro"))]
    ['night.avro']
    """
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.suffix in _SUFFIXES)
    return [path]


def _load(item: Any, schema: Any) -> pa.Table | list[dict]:
    if isinstance(item, dict):
        return [item]
    if isinstance(item, bytes | bytearray | memoryview):
        return _decode(bytes(item), schema)
    if not isinstance(item, Path):
        raise FormatError(f"a {type(item).__name__} is not a path, a dict or bytes")
    if item.suffix == ".parquet":
        return pq.read_table(item, page_checksum_verification=True)
    return _decode(item.read_bytes(), schema)


def _decode(content: bytes, schema: Any) -> list[dict]:
    """Decode an Avro file, or a message after the header of a schema registry."""
    try:
        import fastavro
    except ImportError:
        raise ImportError("Avro packets need fastavro: install skastro[alerts]") from None
    if content.startswith(_AVRO_MAGIC):
        packets: list[Any] = list(fastavro.reader(io.BytesIO(content)))
    elif content[:1] == b"\0" and len(content) > _REGISTRY_HEADER:
        packets = [_decode_message(content, schema)]
    else:
        raise FormatError("neither an Avro file nor a message of a schema registry")
    if not all(isinstance(packet, dict) for packet in packets):
        raise FormatError("the Avro schema is not a record")
    return packets


def _decode_message(content: bytes, schema: Any) -> Any:
    import fastavro

    number = int.from_bytes(content[1:_REGISTRY_HEADER], "big")
    if isinstance(schema, str | Path):
        schema = fastavro.schema.load_schema(str(schema))
    elif isinstance(schema, dict) and number in schema:
        schema = schema[number]
    if not isinstance(schema, dict) or "type" not in schema:
        raise FormatError(f"the message has no schema of its own; pass schema= (number {number})")
    stream = io.BytesIO(content[_REGISTRY_HEADER:])
    packet = fastavro.schemaless_reader(stream, fastavro.parse_schema(schema), None)
    if stream.read(1):
        raise FormatError("bytes are left behind the packet; the schema is another one")
    return packet


def _numbered(name: str, n_packets: int) -> list[str]:
    return [name] if n_packets == 1 else [f"{name}[{i}]" for i in range(n_packets)]


def _as_tables(names: list[str], packets: list[dict], skipped: dict[str, str]) -> Iterator[Batch]:
    """Yield one table, or one for each packet if the packets differ in the types of fields."""
    try:
        yield Batch(names, pa.Table.from_struct_array(pa.array(packets)))
    except (pa.ArrowException, ValueError, TypeError, OverflowError) as error:
        if len(packets) == 1:
            skipped[names[0]] = str(error)
            return
        for name, packet in zip(names, packets):
            yield from _as_tables([name], [packet], skipped)
