"""CPU time of `TemplateMatch` per spectrum, beside the same correlations template by template.

    python benchmarks/bench_template_match.py [--templates 1000] [--spectra 50]

Both correlate the same sequences of 1,024 samples; the loop finds the best lag of each template
with its own Fourier transforms and rates nothing.
"""

import argparse
import time

import numpy as np
from scipy import fft

from skastro.datasets import make_spectra
from skastro.feature_extraction import TemplateMatch
from skastro.utils.ragged import flatten


def loop(match, X):
    """Return the best correlation with every template, one template at a time."""
    sequences, _ = match._sequences(*flatten(X["spectrum"]))
    lags = match._lags(np.nan)
    best = []
    for sequence in sequences:
        for template in match.templates_:
            n = len(template)
            correlation = fft.irfft(fft.rfft(sequence) * np.conj(fft.rfft(template)), n)
            best.append(correlation[lags % n].max())
    return best


def seconds(function):
    """Return CPU seconds, the best of three."""
    found = []
    for _ in range(3):
        start = time.process_time()
        function()
        found.append(time.process_time() - start)
    return min(found)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--templates", type=int, default=1000)
    parser.add_argument("--spectra", type=int, default=50)
    given = parser.parse_args()
    templates, y = make_spectra(given.templates, random_state=0)
    X = make_spectra(given.spectra, random_state=1)[0].assign(redshift=np.nan)
    match = TemplateMatch().fit(templates, y)
    ours = seconds(lambda: match.transform(X)) / given.spectra
    plain = seconds(lambda: loop(match, X)) / given.spectra
    print(f"{len(match.templates_)} templates, CPU time per spectrum: {1e3 * ours:.1f} ms,")
    print(f"template by template {1e3 * plain:.1f} ms; ratio {plain / ours:.2f}")


if __name__ == "__main__":
    main()
