"""``skastro convert``: SNANA FITS files of a survey to Parquet files."""

import click


@click.command("convert")
@click.argument("source", nargs=-1, required=True)
@click.argument("destination")
@click.option("--survey", help="Name of the survey; default: the one in the files.")
@click.option("--label", help="'folder' or a regular expression: label from the path.")
@click.option("--prefix-ids", is_flag=True, help="Put the path of the file before each identifier.")
@click.option("--types", type=click.Choice(["Ia"]), help="Only the labels Ia and nonIa.")
@click.option("--duplicates", type=click.Choice(["raise", "number", "first"]), default="raise")
@click.option("--errors", type=click.Choice(["raise", "skip"]), default="raise")
@click.option("--jobs", default=1, show_default=True, help="Parallel workers.")
@click.option("--quiet", is_flag=True, help="No progress bar.")
@click.pass_context
def command(ctx, source, destination, prefix_ids, jobs, quiet, **options):
    """Convert SNANA FITS files to Parquet files; an interrupted run resumes.

    SOURCE are HEAD files, or folders that hold them; DESTINATION is the folder of Parquet files.
    """
    from skastro.io import convert

    convert(
        source[0] if len(source) == 1 else list(source),
        destination,
        prefix_ids=prefix_ids,
        n_jobs=jobs,
        progress=ctx.obj["progress"] and not quiet,
        **options,
    )
