"""``skastro label-errors``: objects whose labels look wrong."""

import click

from skastro.cli._data import (
    data_options,
    label_options,
    labels_of,
    read_labels,
    read_objects,
    survey_of,
)
from skastro.cli._options import check_recipe, make, pairs_of, values_of
from skastro.cli._output import FORMATS, check_output, write_table


@click.command("label-errors")
@click.argument("recipe")
@click.argument("data", type=click.Path(exists=True))
@data_options
@label_options
@click.option("-o", "--output", default="label_errors.csv", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace an existing table.")
@click.option("--folds", default=5, show_default=True, help="Number of cross-validation folds.")
@click.option("--random-state", type=int, default=None, help="Seed.")
@click.option(
    "--cache-dir", type=click.Path(), default=None, help="Folder that keeps finished folds."
)
@click.option("-p", "--parameter", multiple=True, help="NAME=VALUE of the recipe.")
def command(recipe, data, output, overwrite, folds, random_state, cache_dir, parameter, **options):
    """Rank objects by how much a cross-validated RECIPE doubts their labels."""
    import pandas as pd

    from skastro.label_errors import LabelErrorFinder

    recipe, path = check_recipe(recipe), check_output(output, overwrite, FORMATS)
    values = values_of(recipe, pairs_of(parameter)) | {"random_state": random_state}
    estimator = make(recipe)(**values)
    X, y = read_labels(read_objects(data, **survey_of(options)), **labels_of(options))
    finder = LabelErrorFinder(estimator, cv=folds, random_state=random_state, cache_dir=cache_dir)
    finder.fit_resample(X, y)
    index = X.index if hasattr(X, "columns") else pd.RangeIndex(len(X))
    columns = {
        "label": y,
        "quality": finder.label_quality_,
        "suspect": finder.label_errors_,
        "suggestion": finder.suggested_labels_,
    }
    table = pd.DataFrame(columns, index.rename("SNID"))
    write_table(table.sort_values("quality"), path)
    click.echo(f"{int(finder.label_errors_.sum())} of {len(y)} labels look wrong: {path}")
