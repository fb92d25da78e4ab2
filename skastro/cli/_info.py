"""``skastro info``: what a model file contains."""

import json

import click


@click.command("info")
@click.argument("model", type=click.Path(exists=True))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of the model card.")
def command(model, as_json):
    """Print the model card of a model file; the model is not built."""
    from skastro.persistence import inspect_model, model_card

    click.echo(json.dumps(inspect_model(model), indent=2) if as_json else model_card(model))
