"""The table of a science run."""

from collections.abc import Mapping, Sequence

import pandas as pd


def print_table(runs: Mapping[str, Sequence[Mapping[str, float]]]) -> None:
    """Print one row per model: mean and standard deviation of each score over the seeds."""
    print("| | " + " | ".join(next(iter(runs.values()))[0]) + " |")
    for name, found in runs.items():
        table = pd.DataFrame(found)
        text = " | ".join(f"{table[c].mean():.3f} ± {table[c].std(ddof=0):.3f}" for c in table)
        print(f"| {name} | {text} |")
