"""Alert streams: packets to histories of objects, to features, to probabilities, to a table."""

from skastro.streaming._kafka import KafkaPackets
from skastro.streaming._report import StreamReport
from skastro.streaming._sinks import ParquetSink, SQLiteSink
from skastro.streaming._store import AlertStore
from skastro.streaming._stream import AlertStream

__all__ = [
    "AlertStore",
    "AlertStream",
    "KafkaPackets",
    "ParquetSink",
    "SQLiteSink",
    "StreamReport",
]
