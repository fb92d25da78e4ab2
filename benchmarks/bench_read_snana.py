"""Reading SNANA FITS: skastro beside sncosmo and beside reading the bytes alone.

    python benchmarks/bench_read_snana.py [--objects 30000] [--rounds 3] [--skip-sncosmo]

Each run is a process of its own, so that its peak memory is its own; times are without imports.
"""

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from nested_pandas import NestedFrame

from skastro.io import write_snana
from skastro.utils.ragged import nest

# What a simulation of SNANA writes beside the columns that are read.
FURTHER = (
    "photprob psf_sig1 psf_sig2 psf_ratio sky_sig sky_sig_t rdnoise zeropt zeropt_err gain "
    "sim_magobs sim_fluxcal_hosterr xpix ypix ccdnum ngroup"
).split()
COMMON = """
import sys, time
def peak():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
head, phot = sys.argv[1:]
{imports}
before = peak()
begin = time.perf_counter()
{work}
print(time.perf_counter() - begin, before, peak(), result)
"""
READERS = {
    "bytes alone": (
        "from pathlib import Path; import gzip",
        "data = (gzip.open(phot).read() if phot.endswith('gz') else Path(phot).read_bytes())\n"
        "result = len(data) > 0",
    ),
    "skastro": ("from skastro.io import read_snana", "result = len(read_snana(head))"),
    "sncosmo": (
        "import sncosmo",
        "result = len(sncosmo.read_snana_fits(head, phot))",
    ),
}


def simulate(n_objects, rng):
    """Rows like those of a survey: 63 observations an object in the mean."""
    lengths = rng.poisson(62, n_objects) + 1
    n_rows = lengths.sum()
    rows = {
        "time": np.sort(rng.uniform(60000, 61000, n_rows)),
        "band": np.array(list("ugrizY"))[rng.integers(0, 6, n_rows)],
        "flux": rng.normal(100, 30, n_rows).astype(np.float32),
        "flux_err": rng.uniform(1, 9, n_rows).astype(np.float32),
        "photflag": rng.choice([0, 4096], n_rows).astype(np.int32),
    }
    for name in FURTHER:
        rows[name] = rng.random(n_rows).astype(np.float32)
    statics = {name: rng.random(n_objects) for name in ("redshift", "mwebv", "ra", "dec")}
    X = NestedFrame(statics, index=[f"SN{i:07d}" for i in range(n_objects)])
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    return X.assign(lightcurve=nest(offsets, rows, X.index))


def measure(reader, head, phot):
    """Seconds, MB after the imports, peak MB of one process."""
    imports, work = READERS[reader]
    code = COMMON.format(imports=imports, work=work)
    command = [sys.executable, "-c", code, str(head), str(phot)]
    out = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [float(value) for value in out[:3]]


def main():
    """Print one table for plain and one for compressed files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=30000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--skip-sncosmo", action="store_true")
    options = parser.parse_args()
    X = simulate(options.objects, np.random.default_rng(0))
    readers = [r for r in READERS if r != "sncosmo" or not options.skip_sncosmo]
    for compress in (False, True):
        with tempfile.TemporaryDirectory() as folder:
            head, phot = write_snana(X, Path(folder) / "LSST-0001", compress=compress)
            size = phot.stat().st_size / 2**20
            print(f"\n{phot.name}: {options.objects} objects, {size:.0f} MB")
            print(f"{'reader':>12} {'seconds':>9} {'imports MB':>11} {'peak MB':>9} {'ratio':>7}")
            runs = {
                r: np.median([measure(r, head, phot) for _ in range(options.rounds)], axis=0)
                for r in readers
            }
            for reader, (seconds, imports, peak) in runs.items():
                ratio = seconds / runs["skastro"][0]
                print(f"{reader:>12} {seconds:9.3f} {imports:11.0f} {peak:9.0f} {ratio:7.2f}")


if __name__ == "__main__":
    main()
