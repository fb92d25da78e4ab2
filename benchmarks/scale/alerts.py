"""Alert streams: alerts per second, latency, growth, and what a night of 10^7 alerts costs.

    OMP_NUM_THREADS=1 python benchmarks/scale/alerts.py [--sizes 1000 10000]

Packets of the size of ZTF's without cutouts are replayed as Avro messages through the ORACLE that
comes with the package, into a store and a Parquet table; each size starts from an empty store.
Printed are alerts per second of CPU time and of wall time, the shares of the steps, the latency,
and the size of the store.  The last line extrapolates from the largest size.
"""

import argparse
import io
import math
import tempfile
import time
import warnings
from pathlib import Path

import _measure
import fastavro
import numpy as np

from skastro.persistence import load_pretrained
from skastro.streaming import AlertStream, ParquetSink

NIGHT = 10_000_000
BANDS = "ugrizy"
N_EARLIER = 15
FIELDS = ("midpointMjdTai", "psfFlux", "psfFluxErr", "ra", "dec")
EXTRA = [f"extra_{i}" for i in range(60)]


def avro_schema():
    """A schema as long as that of LSST: 60 further numbers in every measurement."""
    fields = [{"name": name, "type": "double"} for name in (*FIELDS, *EXTRA)]
    fields += [{"name": name, "type": "long"} for name in ("diaSourceId", "diaObjectId")]
    fields += [{"name": "band", "type": "string"}]
    source = {"type": "record", "name": "diaSource", "fields": fields}
    return fastavro.parse_schema(
        {
            "type": "record",
            "name": "alert",
            "fields": [
                {"name": "diaSourceId", "type": "long"},
                {"name": "diaSource", "type": source},
                {"name": "prvDiaSources", "type": {"type": "array", "items": "diaSource"}},
            ],
        }
    )


def make_messages(n, schema):
    """Yield n messages of n / 3 objects, each with the last measurements of its object."""
    rng = np.random.default_rng(0)
    extra = dict.fromkeys(EXTRA, 1.0)
    histories = {}
    for number in range(n):
        name = int(rng.integers(1, n // 3 + 2))
        seen = histories.setdefault(name, [measurement(rng, name, 0, i, extra) for i in range(9)])
        new = measurement(rng, name, number + 1, 100 + number / n, extra)
        packet = {"diaSourceId": number, "diaSource": new, "prvDiaSources": seen[-N_EARLIER:]}
        file = io.BytesIO()
        fastavro.writer(file, schema, [packet])
        yield file.getvalue()
        seen.append(new)


def measurement(rng, name, number, day, extra):
    flux = 1000.0 * rng.random()
    values = (61_000.0 + day, flux, 10.0, 30.0, -10.0)
    band = BANDS[rng.integers(6)]
    return (
        dict(zip(FIELDS, values))
        | extra
        | {
            "diaSourceId": number,
            "diaObjectId": name,
            "band": band,
        }
    )


def replay(model, messages, folder, batch_size):
    stream = AlertStream(
        model, folder / "store.sqlite", [ParquetSink(folder / "table")], batch_size=batch_size
    )
    start = time.perf_counter()
    with _measure.Stage() as stage:
        report = stream.run(messages)
    wall = time.perf_counter() - start
    size = (folder / "store.sqlite").stat().st_size
    n = len(messages)
    print(f"batches of {batch_size}: {report}")
    print(
        f"    {n / stage.seconds:,.0f} alerts per CPU second, {n / wall:,.0f} per second; peak "
        f"{stage.peak:,.0f} MB; store {size / n:,.0f} bytes per alert",
        flush=True,
    )
    return stage.seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="*", default=[1_000, 10_000])
    parser.add_argument("--batches", type=int, nargs="*", default=[1, 100, 1_000])
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    model, schema = load_pretrained("oracle-lsst").model, avro_schema()
    seconds = {}
    for n in options.sizes:
        messages = list(make_messages(n, schema))
        print(f"{n:,} alerts of {np.mean([len(m) for m in messages]):,.0f} bytes", flush=True)
        for batch_size in options.batches if n == min(options.sizes) else options.batches[-1:]:
            with tempfile.TemporaryDirectory() as folder:
                seconds[n] = replay(model, messages, Path(folder), batch_size)
    small, large = min(seconds), max(seconds)
    if small < large:
        slope = math.log(seconds[large] / seconds[small]) / math.log(large / small)
        print(f"slope of log time against log n: {slope:.2f}")
    hours = seconds[large] * NIGHT / large / 3600
    print(f"extrapolated, not measured: {NIGHT:,} alerts cost {hours:.1f} core hours")


if __name__ == "__main__":
    main()
