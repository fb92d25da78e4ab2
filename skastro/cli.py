"""The command ``skastro``: a thin shell over functions of the package."""

import argparse
from collections.abc import Sequence

from skastro.io import convert


def build_parser() -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Examples
    --------
    >>> from skastro.cli import build_parser
    >>> build_parser().parse_args(["convert", "ELASTICC2", "parquet"]).jobs
    1
    """
    parser = argparse.ArgumentParser(prog="skastro", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="command")
    command = commands.add_parser(
        "convert",
        help="convert SNANA FITS files to Parquet files; resumes after an interrupt",
    )
    command.add_argument("source", nargs="+", help="HEAD files, or folders that hold them")
    command.add_argument("destination", help="folder of the Parquet files")
    command.add_argument("--survey", help="name of the survey; by default that of the files")
    command.add_argument("--label", help="'folder', or a regular expression on the path")
    command.add_argument("--prefix-ids", action="store_true", help="path before identifiers")
    command.add_argument(
        "--types", choices=["Ia"], help="'Ia': types Ia and nonIa instead of their names"
    )
    command.add_argument(
        "--duplicates",
        choices=["raise", "number", "first"],
        default="raise",
        help="objects of one identifier: error, number the further ones, keep the first",
    )
    command.add_argument(
        "--errors",
        choices=["raise", "skip"],
        default="raise",
        help="files that cannot be converted: error, or leave them out",
    )
    command.add_argument("--jobs", type=int, default=1, help="parallel workers")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(run=_convert)
    return parser


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, default=None
        Arguments of the command; those of the process by default.

    Raises
    ------
    SystemExit
        With a one-line message, if the arguments or the files are wrong.

    Examples
    --------
    >>> from skastro.cli import main
    >>> main(["convert", "no_such_folder", "parquet"])
    Traceback (most recent call last):
    ...
    SystemExit: skastro: ...
    """
    options = build_parser().parse_args(arguments)
    try:
        options.run(options)
    except KeyboardInterrupt:
        raise SystemExit("skastro: interrupted; the same command resumes") from None
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        message = error.args[0] if isinstance(error, KeyError) else error
        raise SystemExit(f"skastro: {message}") from None


def _convert(options):
    source = options.source[0] if len(options.source) == 1 else options.source
    convert(
        source,
        options.destination,
        survey=options.survey,
        label=options.label,
        prefix_ids=options.prefix_ids,
        types=options.types,
        duplicates=options.duplicates,
        errors=options.errors,
        n_jobs=options.jobs,
        progress=not options.quiet,
    )


if __name__ == "__main__":
    main()
