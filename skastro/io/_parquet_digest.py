"""A checksum of the description of the columns in a Parquet file, which has none of its own."""

import hashlib
import json
from collections.abc import Sequence
from io import BytesIO

import pyarrow as pa
import pyarrow.parquet as pq

DIGEST = b"skastro_digest"


def as_read(table: pa.Table) -> pa.Schema:
    """Return the schema that a reader gets from the file."""
    file = BytesIO()
    pq.write_table(table.slice(0, 0), file)
    return pq.ParquetFile(BytesIO(file.getvalue())).schema_arrow


def digest(schema: pa.Schema, groups: Sequence[int]) -> str:
    """Return a digest of everything in the footer that decides on what is read.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from skastro.io._parquet_digest import digest
    >>> schema = pa.schema({"z": pa.float64()})
    >>> digest(schema, [2]) == digest(schema, [3])
    False
    """
    metadata = schema.metadata or {}
    parts = [schema.remove_metadata().to_string().encode(), json.dumps(groups).encode()]
    parts += [key + value for key, value in sorted(metadata.items()) if key != DIGEST]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()
