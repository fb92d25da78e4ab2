"""CPU time, elapsed time and peak memory of a stage."""

import os
import threading
import time
from pathlib import Path

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
for variable in THREADS:
    os.environ.setdefault(variable, "1")


def own_memory():
    """Megabytes of the process that no file stands behind."""
    status = Path("/proc/self/status").read_text().splitlines()
    sizes = {line.split(":")[0]: line.split()[1] for line in status if line.startswith("Rss")}
    return int(sizes["RssAnon"]) / 1024


class Stage:
    """Measure the block.

    `seconds` is the CPU time of the process, `elapsed` the time on the clock, `peak` the largest
    own memory of the process in MB.
    """

    def __enter__(self):
        self.peak, self._done = own_memory(), threading.Event()
        self._watch = threading.Thread(target=self._look, daemon=True)
        self._watch.start()
        self._start = time.process_time(), time.perf_counter()
        return self

    def __exit__(self, *error):
        self.seconds = time.process_time() - self._start[0]
        self.elapsed = time.perf_counter() - self._start[1]
        self._done.set()
        self._watch.join()

    def _look(self):
        while not self._done.wait(0.02):
            self.peak = max(self.peak, own_memory())
