"""``skastro simulate``: a survey from the package's own simulators."""

from pathlib import Path

import click

from skastro.cli._options import Value
from skastro.cli._output import check_output


@click.command("simulate")
@click.argument("output", type=click.Path())
@click.option("-n", "--n-objects", default=2000, show_default=True, help="Number of objects.")
@click.option("--survey", default="LSST", show_default=True, help="Bands, depth and cadence.")
@click.option("--classes", type=Value(), default=None, help="Such as [SNIa, SNII]; default: all.")
@click.option("--random-state", type=int, default=None, help="Seed.")
@click.option("--overwrite", is_flag=True, help="Replace existing files.")
def command(output, n_objects, survey, classes, random_state, overwrite):
    """Simulate light curves.

    OUTPUT is a Parquet file if its name ends in .parquet, else a folder of SNANA FITS files.
    """
    from skastro.datasets import make_light_curves
    from skastro.io import write_parquet, write_snana

    path = check_output(output, overwrite)
    X, y = make_light_curves(n_objects, survey=survey, classes=classes, random_state=random_state)
    X = X.assign(type=y)
    if path.suffix == ".parquet":
        write_parquet(X, path)
    else:
        path.mkdir(exist_ok=True)
        write_snana(X, Path(path) / f"{survey}-0001")
    click.echo(f"{len(X)} objects of {len(set(y))} classes: {path}")
