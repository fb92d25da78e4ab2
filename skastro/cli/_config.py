"""``skastro config``: configurations, and those of the original systems in skastro's names."""

import shlex

import click
import yaml

from skastro.cli import _scone, _sedm
from skastro.cli._options import (
    check_recipe,
    plain_values,
    read_config,
    recipe_names,
    recipe_parameters,
)


@click.command("config")
@click.argument("recipe", required=False)
@click.option("--from-scone", type=click.Path(exists=True), help="YAML file of SCONE.")
@click.option("--from-sedm", default=None, help="Flags of the SEDM script, in quotes.")
@click.option("--sedm-flags", is_flag=True, help="Print the table of the SEDM script's flags.")
def command(recipe, from_scone, from_sedm, sedm_flags):
    """Print the configuration of a RECIPE, or translate one of SCONE or the SEDM script.

    What has no counterpart is named on the error stream with the reason.
    """
    if sedm_flags:
        for flag, meaning in _sedm.FLAGS.items():
            click.echo(f"{flag:22} {meaning}")
    elif from_scone:
        _print(*_scone.translate(read_config(from_scone)))
    elif from_sedm is not None:
        _print(*_sedm.translate(shlex.split(from_sedm)))
    elif recipe is None:
        known = ", ".join(recipe_names())
        raise click.UsageError(f"name a recipe ({known}), or use --from-scone or --from-sedm")
    else:
        known = recipe_parameters(check_recipe(recipe))
        _print({"recipe": recipe} | {name: default for name, (default, _) in known.items()}, {})


def _print(configuration, ignored):
    plain = {name: v for name, v in configuration.items() if _is_plain(v)}
    click.echo(yaml.safe_dump(plain_values(plain), sort_keys=False), nl=False)
    for key, reason in ignored.items():
        click.echo(f"# {key}: {reason}", err=True)


def _is_plain(value):
    return value is None or isinstance(value, bool | int | float | str | list | tuple | dict)
