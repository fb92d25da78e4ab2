"""``skastro recipes``: what can be trained."""

import inspect

import click

from skastro.cli._options import check_recipe, make, recipe_names, recipe_parameters


@click.command("recipes")
@click.argument("name", required=False)
def command(name):
    """List the recipes, or the parameters of one of them."""
    if name is None:
        for recipe in recipe_names():
            summary = inspect.getdoc(make(recipe)).splitlines()[0]
            click.echo(f"{recipe.replace('_', '-'):14} {summary}")
        return
    for parameter, (default, text) in recipe_parameters(check_recipe(name)).items():
        click.echo(f"{parameter} = {default!r}\n    {text}")
