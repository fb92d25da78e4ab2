"""CPU time of loading a model and predicting one object in a fresh process, by what takes it.

python benchmarks/bench_first_prediction.py [oracle-lsst | scone-lsst | FOLDER]
"""

import subprocess
import sys
import tempfile
import warnings
from pathlib import Path
from time import process_time


def measure(name, path):
    warnings.simplefilter("ignore")
    ticks = [("Python", process_time())]

    def tick(what):
        ticks.append((what, process_time()))

    import sklearn.base  # noqa: F401

    tick("scikit-learn, SciPy, pandas")
    import torch  # noqa: F401

    tick("torch")
    import skorch  # noqa: F401

    tick("skorch")
    import pandas as pd

    from skastro.persistence import load_pretrained

    X = pd.read_pickle(path)
    model = load_pretrained(name)
    tick("skastro and the model")
    model.predict(X)
    tick("predict")
    for (what, end), (_, start) in zip(ticks, [("", 0.0), *ticks]):
        print(f"{what:28} {end - start:.2f} s")
    print(f"{'total':28} {ticks[-1][1]:.2f} s")


def main(name="oracle-lsst"):
    from skastro.datasets import make_light_curves

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "one.pkl"
        make_light_curves(1, random_state=0)[0].to_pickle(path)
        subprocess.run([sys.executable, __file__, name, str(path)], check=True)


if __name__ == "__main__":
    measure(*sys.argv[1:]) if len(sys.argv) == 3 else main(*sys.argv[1:])
