"""Stream many ragged light curves through the Gaussian process into a memory-mapped file.

    OMP_NUM_THREADS=1 python benchmarks/bench_gp_memory.py
    OMP_NUM_THREADS=1 python benchmarks/bench_gp_memory.py --objects 2000 --rows 1300 --grid 32 180

Printed is the peak of the memory that belongs to the process itself, above what it holds after a
first few objects: the pages of the output file, which the system may drop at any time, are
counted apart.  The light curves are made up, of 2 to 2 * `rows` observations; the default grid is
smaller than SCONE's 32 x 180, whose 100,000 objects would fill 4.6 GB in float32.  The input is
held in memory as flat arrays, as the package's readers hand it over.
"""

import argparse
import os
import tempfile
import threading
import time
from pathlib import Path

for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ.setdefault(variable, "1")

import numpy as np

from skastro.gaussian_process import Padding, interpolate_light_curves

BANDS = np.array([3670.69, 4826.85, 6223.24, 7545.98, 8590.9, 9710.28])


def make_objects(n_objects, mean_rows, seed=0):
    """Noisy explosions at random dates: offsets, time, wavelength, flux, flux_err and peaks."""
    rng = np.random.default_rng(seed)
    lengths = rng.integers(2, 2 * mean_rows - 1, n_objects)
    offsets, n_rows = np.concatenate([[0], np.cumsum(lengths)]), lengths.sum()
    phase = rng.uniform(-100.0, 150.0, n_rows)
    wavelength, flux_err = rng.choice(BANDS, n_rows), rng.uniform(4.0, 12.0, n_rows)
    brightness = np.repeat(rng.uniform(20.0, 2000.0, n_objects), lengths)
    shape = np.exp(-phase / 30.0) / (1.0 + np.exp(-phase / 5.0))
    colour = np.exp(-0.5 * ((wavelength - 6000.0) / 2500.0) ** 2)
    flux = brightness * colour * shape + flux_err * rng.normal(size=n_rows)
    peak = rng.uniform(59000.0, 61000.0, n_objects)
    return (offsets, np.repeat(peak, lengths) + phase, wavelength, flux, flux_err), peak


def own_memory():
    """Megabytes of the process: all, and those that no file stands behind."""
    status = Path("/proc/self/status").read_text().splitlines()
    size = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Rss")}
    files = int(size["RssFile"]) + int(size["RssShmem"])
    return (files + int(size["RssAnon"])) / 1024, int(size["RssAnon"]) / 1024


class Watch(threading.Thread):
    """Remember the largest memory seen, every 20 milliseconds."""

    def __init__(self):
        super().__init__(daemon=True)
        self.largest, self.done = np.zeros(2), threading.Event()

    def run(self):
        while not self.done.wait(0.02):
            self.largest = np.maximum(self.largest, own_memory())


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument("--rows", type=int, default=40, help="mean number of observations")
    parser.add_argument("--grid", type=int, nargs=2, default=(6, 30), help="wavelengths, times")
    parser.add_argument("--kernel", default="radial")
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--folder", type=Path, help="where the file goes; a temporary one else")
    return parser.parse_args()


def stream(arguments, folder):
    """Fill the file; return the status of the objects and the file."""
    rows, peak = make_objects(arguments.objects, arguments.rows)
    n_wavelengths, n_times = arguments.grid
    shape = (arguments.objects, 2, n_wavelengths, n_times)
    path = folder / "images.npy"
    out = np.lib.format.open_memmap(path, "w+", np.float32, shape)
    result = interpolate_light_curves(
        *rows,
        np.linspace(-30.0, 150.0, n_times),
        np.linspace(3000.0, 10100.0, n_wavelengths),
        reference=peak,
        kernel=arguments.kernel,
        padding=Padding(6223.24),
        engine="numba",
        n_jobs=arguments.jobs,
        out=out,
    )
    out.flush()
    print(
        f"{arguments.objects} objects, {rows[0][-1]} rows, longest {np.diff(rows[0]).max()}, "
        f"grid {n_wavelengths} x {n_times}: {path.stat().st_size / 2**20:.0f} MB of output, "
        f"{sum(column.nbytes for column in rows) / 2**20:.0f} MB of input"
    )
    return result.status, np.load(path, mmap_mode="r")


def main():
    arguments = parse_arguments()
    few, _ = make_objects(4, 9)
    interpolate_light_curves(*few, [0.0], [6000.0], engine="numba", kernel=arguments.kernel)
    _, before = own_memory()
    watch, start = Watch(), time.perf_counter()
    watch.start()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
        status, images = stream(arguments, Path(folder))
        watch.done.set()
        finite = np.isfinite(images[:: max(len(images) // 1000, 1)]).all()
    seconds = time.perf_counter() - start
    total, own = watch.largest
    print(
        f"peak memory: {own:.0f} MB without the pages of files ({own - before:.0f} MB above the "
        f"{before:.0f} MB after the first objects), {total:.0f} MB with them\n"
        f"{(status != 0).sum()} objects without a result; sampled images finite: {finite}; "
        f"{seconds:.0f} s, {1e3 * seconds / arguments.objects:.2f} ms an object"
    )


if __name__ == "__main__":
    main()
