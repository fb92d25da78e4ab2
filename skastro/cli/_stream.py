"""``skastro stream``: alert packets, from files or from Kafka, to a table of predictions."""

from pathlib import Path

import click
import yaml

from skastro.cli._output import done_file_option, tell_done

_SQLITE = (".sqlite", ".db")


@click.command("stream")
@click.argument("model", type=click.Path(exists=True))
@click.argument("packets", nargs=-1, type=click.Path(exists=True))
@click.option("-o", "--output", required=True, help="SQLite file (.sqlite, .db), else a folder.")
@click.option("--store", help="SQLite file of histories; next to the output by default.")
@click.option("--topic", "topics", multiple=True, help="Kafka topic, instead of files.")
@click.option(
    "--kafka", type=click.Path(exists=True), help="YAML file: configuration of the Kafka consumer."
)
@click.option("--idle-timeout", type=float, help="Stop after so many seconds without a message.")
@click.option("--schema", type=click.Path(exists=True), help="Avro schema of the messages.")
@click.option("--batch-size", default=500, show_default=True, help="Packets per batch at most.")
@click.option(
    "--model-version",
    default="",
    help="Column `version` of the table; another one predicts all objects again.",
)
@done_file_option
def command(model, packets, output, store, batch_size, schema, model_version, done_file, **kafka):
    """Classify the objects of alert packets: one row per object, whatever comes twice or late.

    PACKETS are Avro or Parquet files, or folders of them.  The same command continues an
    interrupted run.
    """
    with tell_done(done_file):
        from skastro.persistence import load_model
        from skastro.streaming import AlertStream, ParquetSink, SQLiteSink

        source = source_of(packets, **kafka)
        sink = (SQLiteSink if Path(output).suffix in _SQLITE else ParquetSink)(output)
        store = store or Path(output).with_suffix(".histories.sqlite")
        options = {"batch_size": batch_size, "schema": schema, "version": model_version}
        stream = AlertStream(load_model(model), store, [sink], **options)
        click.echo(str(stream.run(source)))


def source_of(packets, topics, kafka, idle_timeout):
    """Return files, or the topics of a broker.

    Raises
    ------
    UsageError
        There are neither, both, or topics without a configuration.

    Examples
    --------
    >>> from skastro.cli._stream import source_of
    >>> source_of(("night",), (), None, None)
    ['night']
    """
    if bool(packets) == bool(topics):
        raise click.UsageError("give either files of packets or --topic")
    if packets:
        return list(packets)
    if kafka is None:
        raise click.UsageError("--topic requires --kafka, the configuration of the consumer")
    from skastro.streaming import KafkaPackets

    config = yaml.safe_load(Path(kafka).read_text())
    return KafkaPackets(list(topics), config, idle_timeout=idle_timeout)
