"""``skastro fit``: train a recipe and save the model."""

import inspect
import shutil
import time
from pathlib import Path
from typing import Any

import click
import yaml

from skastro.cli import _scone
from skastro.cli._blocks import fit_blocks, open_blocks
from skastro.cli._data import (
    data_options,
    label_options,
    labels_of,
    read_labels,
    read_objects,
    sample_classes,
    survey_of,
)
from skastro.cli._options import (
    Value,
    check_names,
    check_recipe,
    make,
    pairs_of,
    plain_values,
    read_config,
    recipe_names,
    recipe_parameters,
    values_of,
)
from skastro.cli._output import atomic, check_output, done_file_option, tell_done

_NOT_KEPT = ("config", "print_config", "done_file", "overwrite", "parameter")


class _Recipes(click.Group):
    """One command per recipe, its options made from the recipe's signature."""

    def list_commands(self, ctx):
        return [name.replace("_", "-") for name in recipe_names()]

    def get_command(self, ctx, name):
        recipe = name.replace("-", "_")
        return fit_command(recipe) if recipe in recipe_names() else None

    def resolve_command(self, ctx, args):
        if not args[0].startswith("-"):
            check_recipe(args[0])
        return super().resolve_command(ctx, args)


@click.command("fit", cls=_Recipes)
def command():
    """Train a recipe and save the model, with its configuration in a YAML file next to it.

    Training resumes at the last finished epoch when an interrupted command is run again.
    """


def fit_command(recipe: str) -> click.Command:
    """Return the command that trains one recipe.

    Examples
    --------
    >>> from skastro.cli._fit import fit_command
    >>> fit_command("scone").name
    'scone'
    """
    known = recipe_parameters(recipe)

    @click.argument("data", type=click.Path(), required=False)
    @data_options
    @label_options
    @click.option("--max-per-class", type=int, help="Train on at most this many objects per class.")
    @click.option(
        "--test-size", type=float, default=0.0, help="Fraction of the objects held out and scored."
    )
    @click.option(
        "--n-blocks", type=int, help="Read Parquet files by row groups, so many of them in memory."
    )
    @click.option("-o", "--output", default="model.safetensors", show_default=True)
    @click.option("--overwrite", is_flag=True, help="Replace an existing model.")
    @click.option("--config", type=click.Path(exists=True), help="YAML file with the same names.")
    @click.option("--print-config", is_flag=True, help="Print the configuration and stop.")
    @click.option("-p", "--parameter", multiple=True, help="NAME=VALUE of the network.")
    @done_file_option
    @click.pass_context
    def run(ctx, **options):
        options = _merged(ctx, options, known)
        if options["print_config"]:
            click.echo(_configuration(recipe, options, known), nl=False)
            return
        with tell_done(options["done_file"]):
            fit(recipe, options, known, progress=ctx.obj["progress"])

    summary = (inspect.getdoc(make(recipe)) or recipe).splitlines()[0]
    built = click.command(recipe.replace("_", "-"), help=summary)(run)
    taken = {parameter.name for parameter in built.params}
    for name, (default, text) in known.items():
        if name not in taken:
            words = f"--{name.replace('_', '-')}"
            help_text = f"{text} [default: {default}]"
            built.params.append(click.Option([words], type=Value(), default=None, help=help_text))
    return built


def fit(recipe: str, options: dict, known: dict, *, progress: bool = False) -> Path:
    """Train a recipe on a path of data, save the model and its configuration next to it.

    Parameters
    ----------
    recipe : str
        Name of the recipe.

    options : dict
        Options of the command by name.

    known : dict
        As of :func:`skastro.cli._options.recipe_parameters`.

    progress : bool, default=False
        Show progress bars.

    Returns
    -------
    path : Path
        The model.

    Examples
    --------
    >>> from skastro.cli._fit import fit
    >>> fit("scone", {"data": None}, {})
    Traceback (most recent call last):
    ...
    ValueError: fit scone: no data; give a path, or 'data' in the configuration
    """
    if not options.get("data"):
        raise ValueError(f"fit {recipe}: no data; give a path, or 'data' in the configuration")
    output = check_output(options["output"], options["overwrite"])
    checkpoints = output.with_name(f".{output.name}.checkpoints")
    checkpoints.mkdir(exist_ok=True)
    values = {"checkpoint": str(checkpoints)} | _recipe_values(recipe, options, known, progress)
    model = make(recipe)(**values)
    in_files = options.get("n_blocks") is not None
    (X, y), test = (open_blocks(options), None) if in_files else _read(options)
    y = values["taxonomy"].relabel(y) if values.get("taxonomy") else y
    started = time.perf_counter()
    if in_files:
        fit_blocks(model, X, y)
    else:
        model.fit(X, y)
    training = {"n_objects": len(y), "data": str(options["data"])}
    training["seconds"] = round(time.perf_counter() - started, 1)
    _save(model, output, training, _configuration(recipe, options, known), options["overwrite"])
    shutil.rmtree(checkpoints)
    click.echo(f"{len(y)} objects, {training['seconds']} s: {output}")
    if test is not None:
        _evaluate(model, test, output.with_suffix(".evaluation"))
    return output


def _save(model, output, training, configuration, overwrite):
    from skastro.persistence import save_model

    save_model(model, output, overwrite=overwrite, training=training)
    with atomic(output.with_suffix(".yaml")) as draft:
        draft.write_text(configuration)


def _read(options):
    """Return the training part, and the test part or None."""
    seed = options.get("random_state")
    X, y = read_labels(read_objects(options["data"], **survey_of(options)), **labels_of(options))
    X, y = sample_classes(X, y, options["max_per_class"], seed)
    return _split(X, y, options["test_size"], seed)


def _split(X, y, test_size, random_state):
    if not test_size:
        return (X, y), None
    from sklearn.model_selection import train_test_split

    parts = train_test_split(X, y, test_size=test_size, stratify=y, random_state=random_state)
    return (parts[0], parts[2]), (parts[1], parts[3])


def _evaluate(model, test, folder):
    from skastro.inspection import EvaluationReport

    report = EvaluationReport.from_estimator(model, *test)
    report.to_folder(folder)
    accuracy, f1 = report.scores_["accuracy"], report.scores_["f1_macro"]
    n = len(test[1])
    click.echo(f"{n} held-out objects: accuracy {accuracy:.3f}, macro F1 {f1:.3f}: {folder}")


def _merged(ctx, options, known):
    """Return the options: of the command line, else of the configuration, else the defaults."""
    if not options["config"]:
        return options
    given = read_config(options["config"])
    if _scone.is_scone(given):
        given, ignored = _scone.translate(given)
        for key, reason in ignored.items():
            click.echo(f"{options['config']}: {key}: {reason}", err=True)
    check_names(given, sorted({*options, *known, "recipe"}), options["config"])
    for name, value in given.items():
        source = ctx.get_parameter_source(name)
        if name == "parameter":
            options[name] = [*(f"{key}={part}" for key, part in value.items()), *options[name]]
        elif name != "recipe" and source in (click.core.ParameterSource.DEFAULT, None):
            options[name] = value
    return options


def _recipe_values(recipe, options, known, progress) -> dict[str, Any]:
    """Return the parameters of the recipe that were given, and those of its network."""
    values = {name: options[name] for name in known if options.get(name) is not None}
    if "verbose" in inspect.signature(make(recipe)).parameters:
        values["verbose"] = int(progress)
    return values_of(recipe, values | pairs_of(options["parameter"]))


def _configuration(recipe, options, known) -> str:
    """Return every option with its value as a configuration file."""
    found = {"recipe": recipe} | {k: v for k, v in options.items() if k not in _NOT_KEPT}
    for name, (default, _) in known.items():
        plain = isinstance(default, bool | int | float | str | list | tuple | dict | None)
        found[name] = default if options.get(name) is None and plain else options.get(name)
    if options.get("parameter"):
        found["parameter"] = pairs_of(options["parameter"])
    return yaml.safe_dump(plain_values(found), sort_keys=False)
