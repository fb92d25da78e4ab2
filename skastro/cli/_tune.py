"""``skastro tune``: search the parameters of a recipe with Optuna; resumes."""

from pathlib import Path

import click
import yaml

from skastro.cli._data import (
    data_options,
    label_options,
    labels_of,
    read_labels,
    read_objects,
    survey_of,
)
from skastro.cli._options import check_recipe, make, pairs_of, values_of
from skastro.cli._output import atomic, check_output


@click.command("tune")
@click.argument("recipe")
@click.argument("data", type=click.Path(exists=True))
@data_options
@label_options
@click.option("-o", "--output", default="model.safetensors", show_default=True)
@click.option("--overwrite", is_flag=True, help="Replace an existing model.")
@click.option("--space", default="small", show_default=True, help="small, wide or original.")
@click.option("--n-trials", default=20, show_default=True, help="Trials in all.")
@click.option("--timeout", type=float, default=None, help="Seconds.")
@click.option("--folds", default=3, show_default=True, help="Folds of the cross-validation.")
@click.option("--scoring", default="balanced_accuracy", show_default=True)
@click.option("--storage", default=None, help="Journal file or URL; next to the output by default.")
@click.option("--random-state", type=int, default=0, show_default=True, help="Seed.")
@click.option("-p", "--parameter", multiple=True, help="NAME=VALUE of the recipe.")
@click.pass_context
def command(ctx, recipe, data, output, overwrite, **options):
    """Tune a RECIPE, save the best model, its parameters (YAML) and all trials (CSV) next to it.

    Finished trials are kept; running the same command again continues the study.
    """
    path = check_output(output, overwrite)
    search = _search(check_recipe(recipe), path, options, ctx.obj["progress"])
    X, y = read_labels(read_objects(data, **survey_of(options)), **labels_of(options))
    search.fit(X, y)
    _save(search, path, {"n_objects": len(y), "data": str(data)}, overwrite)
    click.echo(f"{options['scoring']} {search.best_score_:.4f} with {search.best_params_}: {path}")


def _search(recipe, path, options, progress):
    from skastro.model_selection import OptunaSearchCV
    from skastro.recipes.search_spaces import search_space

    values = values_of(recipe, pairs_of(options["parameter"]))
    return OptunaSearchCV(
        make(recipe)(**({"random_state": options["random_state"]} | values)),
        search_space(recipe, options["space"]),
        n_trials=options["n_trials"],
        timeout=options["timeout"],
        cv=options["folds"],
        scoring=options["scoring"],
        storage=options["storage"] or str(path.with_suffix(".study.log")),
        random_state=options["random_state"],
        verbose=int(progress),
    )


def _save(search, path: Path, training, overwrite):
    import pandas as pd

    from skastro.persistence import save_model

    training |= {"best score": float(search.best_score_)}
    save_model(search.best_estimator_, path, overwrite=overwrite, training=training)
    with atomic(path.with_suffix(".best.yaml")) as draft:
        best = {
            name: getattr(v, "item", lambda v=v: v)() for name, v in search.best_params_.items()
        }
        draft.write_text(yaml.safe_dump(best, sort_keys=False))
    with atomic(path.with_suffix(".trials.csv")) as draft:
        pd.DataFrame(search.cv_results_).to_csv(draft, index=False)
