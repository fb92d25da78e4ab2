"""The command ``skastro``: a thin shell over functions of the package.

Modules of the commands are imported when they run, so that ``skastro --help`` is quick.
"""

import difflib
import importlib
import logging
import sys
import warnings

import click

import skastro

_COMMANDS = {
    "simulate": ("_simulate", "Simulate a survey: SNANA FITS or Parquet files."),
    "convert": ("_convert", "Convert SNANA FITS files to Parquet files."),
    "fit": ("_fit", "Train a recipe: skastro fit RECIPE DATA."),
    "predict": ("_predict", "Write class probabilities of a fitted model."),
    "stream": ("_stream", "Classify alert packets from files or Kafka."),
    "evaluate": ("_evaluate", "Score predictions against labels: numbers, tables, pictures."),
    "tune": ("_tune", "Search the parameters of a recipe with Optuna."),
    "label-errors": ("_label_errors", "Find objects whose labels look wrong."),
    "plot": ("_plot", "Draw light curves, spectra or stamps of some objects."),
    "info": ("_info", "Print what a model file contains."),
    "recipes": ("_recipes", "List recipes and their parameters."),
    "config": ("_config", "Print a configuration; translate one of SCONE or SEDM."),
}


def unknown(kind: str, name: str, known: list[str]) -> click.UsageError:
    """Return the error for an unknown name: the most similar known one, and all of them.

    Examples
    --------
    >>> from skastro.cli import unknown
    >>> unknown("recipe", "scon", ["oracle", "scone"]).message
    "No such recipe 'scon'; did you mean 'scone'?  Recipes: oracle, scone"
    """
    similar = difflib.get_close_matches(name, known, 1)
    hint = f"; did you mean {similar[0]!r}?  " if similar else ".  "
    listed = f"{kind.capitalize()}s: {', '.join(known)}"
    return click.UsageError(f"No such {kind} {name!r}{hint}{listed}")


class _Commands(click.Group):
    """A group that knows the names of its commands and imports each when it is used."""

    def list_commands(self, ctx):
        return list(_COMMANDS)

    def get_command(self, ctx, name):
        if name not in _COMMANDS:
            return None
        return importlib.import_module(f"skastro.cli.{_COMMANDS[name][0]}").command

    def resolve_command(self, ctx, args):
        if args[0] not in _COMMANDS and not args[0].startswith("-"):
            raise unknown("command", args[0], list(_COMMANDS))
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx, formatter):
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(skastro.__version__, "-V", "--version", prog_name="skastro")
@click.option("-v", "--verbose", count=True, help="More messages; twice for debugging.")
@click.option("-q", "--quiet", is_flag=True, help="Errors only, no progress bars.")
@click.pass_context
def cli(ctx, verbose, quiet):
    """Classify astronomical transients, from survey files to class probabilities."""
    level = logging.ERROR if quiet else max(logging.WARNING - 10 * verbose, logging.DEBUG)
    logging.basicConfig(level=level, format="%(levelname)s: %(message)s", stream=sys.stderr)
    warnings.showwarning = _silent if quiet else _warn
    ctx.obj = {"progress": not quiet}


def _warn(message, category, *place):
    """Show a warning in one line; warnings about future versions of libraries are not for users."""
    if not issubclass(category, DeprecationWarning | PendingDeprecationWarning | FutureWarning):
        logging.getLogger("skastro").warning(message)


def _silent(*warning):
    """Show nothing."""


def main(arguments: list[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, default=None
        Arguments after the name of the command; those of the process by default.

    Raises
    ------
    SystemExit
        Always; the code is 0 for success, 1 for an error in data or files, 2 for a wrong call,
        130 after an interrupt.

    Examples
    --------
    >>> from skastro.cli import main
    >>> main(["--version"])
    Traceback (most recent call last):
    ...
    SystemExit: 0
    """
    try:
        cli.main(arguments, prog_name="skastro", standalone_mode=False)
    except click.exceptions.Exit as stop:
        sys.exit(stop.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo("skastro: interrupted; running the same command again resumes", err=True)
        sys.exit(130)
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        text = error.args[0] if isinstance(error, KeyError) and error.args else error
        click.echo(f"skastro: {text}", err=True)
        sys.exit(1)
    sys.exit(0)
