"""``skastro plot``: pictures of some objects."""

from pathlib import Path

import click

from skastro.cli._data import data_options, read_objects, survey_of
from skastro.cli._output import check_output


@click.command("plot")
@click.argument("data", type=click.Path(exists=True))
@data_options
@click.option("-o", "--output", default="objects.png", show_default=True, help="PNG or PDF.")
@click.option("--overwrite", is_flag=True, help="Replace an existing picture.")
@click.option(
    "-n",
    "--n-objects",
    type=click.IntRange(min=1),
    default=6,
    show_default=True,
    help="Draw the first n objects.",
)
def command(data, output, overwrite, n_objects, **options):
    """Draw light curves, spectra or stamps of some objects on one page."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    path = check_output(output, overwrite, (".png", ".pdf", ".svg"))
    X = read_objects(data, **survey_of(options))
    draw, n_all = _drawing(X, options["survey"])
    if n_all == 0:
        raise ValueError(f"{data} holds no objects")
    n_drawn = min(n_objects, n_all)
    n_columns = min(3, n_drawn)
    n_rows = -(-n_drawn // n_columns)
    size = (4.5 * n_columns, 3 * n_rows)
    figure, axes = plt.subplots(
        n_rows, n_columns, figsize=size, squeeze=False, layout="constrained"
    )
    for number, ax in enumerate(axes.flat):
        draw(number, ax) if number < n_drawn else ax.set_axis_off()
    figure.savefig(Path(path), dpi=120)
    click.echo(f"{n_drawn} of {n_all} objects: {path}")


def _drawing(X, survey):
    """Return the function that draws object `number` into axes, and the number of objects."""
    from skastro.io import Stamps

    if isinstance(X, Stamps):
        return lambda number, ax: _draw_stamp(X, number, ax), len(X.X)
    if "lightcurve" in X.columns:
        return lambda number, ax: _draw_light_curve(X, number, ax, survey), len(X)
    if "spectrum" in X.columns:
        return lambda number, ax: _draw_spectrum(X, number, ax), len(X)
    known = ", ".join(map(str, X.columns))
    raise ValueError(f"the data have no column lightcurve or spectrum to draw, only {known}")


def _draw_light_curve(X, number, ax, survey):
    from skastro.inspection import LightCurveDisplay

    options = {} if survey is None else {"survey": survey}
    LightCurveDisplay.from_frame(X, X.index[number], ax=ax, **options)


def _draw_spectrum(X, number, ax):
    spectrum = X["spectrum"].iloc[number]
    ax.plot(spectrum["wavelength"], spectrum["flux"], lw=0.8, color="k")
    ax.set(xlabel="wavelength [Angstrom]", ylabel="flux", title=str(X.index[number]))


def _draw_stamp(stamps, number, ax):
    image = stamps.X[number].reshape(stamps.image_shape)[..., 0]
    ax.imshow(image, cmap="gray", origin="lower")
    ax.set(xticks=[], yticks=[], title=f"{number}: {stamps.y[number]}")
