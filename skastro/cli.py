"""The command ``skastro``: a thin shell over functions of the package."""

import argparse

from skastro.io import convert


def build_parser():
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
        help="SNANA FITS files of a survey to Parquet files; goes on where it was interrupted",
    )
    command.add_argument("source", nargs="+", help="HEAD files, or folders that hold them")
    command.add_argument("destination", help="folder of the Parquet files")
    command.add_argument("--survey", help="name of the survey; by default what the files say")
    command.add_argument("--label", help="'folder', or a regular expression on the path")
    command.add_argument("--prefix-ids", action="store_true", help="path before identifiers")
    command.add_argument("--jobs", type=int, default=1, help="parallel workers")
    command.add_argument("--quiet", action="store_true", help="no progress bar")
    command.set_defaults(run=_convert)
    return parser


def main(arguments=None):
    """Run the command line.

    Parameters
    ----------
    arguments : list of str, default=None
        Words behind the name of the command; those of the process by default.

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
    except (OSError, ValueError) as error:
        raise SystemExit(f"skastro: {error}") from None


def _convert(options):
    source = options.source[0] if len(options.source) == 1 else options.source
    convert(
        source,
        options.destination,
        survey=options.survey,
        label=options.label,
        prefix_ids=options.prefix_ids,
        n_jobs=options.jobs,
        progress=not options.quiet,
    )


if __name__ == "__main__":
    main()
