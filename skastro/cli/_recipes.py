"""``skastro recipes``: what can be trained."""

import inspect

import click

from skastro.cli._options import make, recipe_names, recipe_parameters


@click.command("recipes")
@click.argument("name", required=False)
def command(name):
    """List the recipes, or the parameters of one of them."""
    if name is None:
        for recipe in recipe_names():
            summary = inspect.getdoc(make(recipe)).splitlines()[0]
            click.echo(f"{recipe.replace('_', '-'):14} {summary}")
        return
    recipe = name.replace("-", "_")
    if recipe not in recipe_names():
        raise click.BadParameter(f"{name!r} is not one of {recipe_names()}")
    for parameter, (default, text) in recipe_parameters(recipe).items():
        click.echo(f"{parameter} = {default!r}\n    {text}")
