"""Kafka: messages of the mock broker inside librdkafka, with and without interruptions."""

import io
from pathlib import Path

import fastavro
import lsst.alert.packet
import pytest
from confluent_kafka import Producer
from night import make_model, make_night

from skastro.exceptions import ObjectWarning
from skastro.streaming import AlertStream, KafkaPackets, SQLiteSink

N_PACKETS = 60
MEASUREMENT = {
    "type": "record",
    "name": "candidate",
    "fields": [
        *({"name": n, "type": "double"} for n in ("jd", "diffmaglim", "ra", "dec")),
        {"name": "fid", "type": "int"},
        *({"name": n, "type": ["null", "double"]} for n in ("magpsf", "sigmapsf")),
        {"name": "isdiffpos", "type": ["null", "string"]},
    ],
}
SCHEMA = fastavro.parse_schema(
    {
        "type": "record",
        "name": "alert",
        "fields": [
            {"name": "candid", "type": "long"},
            {"name": "objectId", "type": "string"},
            {"name": "candidate", "type": MEASUREMENT},
            {"name": "prv_candidates", "type": ["null", {"type": "array", "items": "candidate"}]},
        ],
    }
)


def message(packet):
    file = io.BytesIO()
    fastavro.writer(file, SCHEMA, [packet])
    return file.getvalue()


@pytest.fixture(scope="module")
def packets():
    return make_night(N_PACKETS, 10)


@pytest.fixture(scope="module")
def broker(packets):
    """A broker inside the producer; yields the configuration of its consumers."""
    producer = Producer({"bootstrap.servers": "unused", "test.mock.num.brokers": 1, "log_level": 0})
    address = next(iter(producer.list_topics(timeout=10).brokers.values()))
    for packet in packets:
        producer.produce("ztf", message(packet), key=packet["objectId"])
    assert producer.flush(10) == 0
    yield {
        "bootstrap.servers": f"{address.host}:{address.port}",
        "fetch.wait.max.ms": 10,
        "heartbeat.interval.ms": 500,
        "session.timeout.ms": 6000,
        "log_level": 0,
    }


@pytest.fixture
def stream(tmp_path):
    sink = SQLiteSink(tmp_path / "table.sqlite")
    return AlertStream(make_model(), tmp_path / "store.sqlite", [sink], batch_size=20)


def source(broker, group, idle_timeout=0.5):
    config = broker | {"group.id": group}
    return KafkaPackets("ztf", config, max_wait=0.2, idle_timeout=idle_timeout)


@pytest.mark.slow
def test_every_message_once_across_an_interruption(broker, stream, packets):
    class Interrupted(Exception):
        pass

    def interrupt(report):
        if report.n_alerts >= 20:
            raise Interrupted

    with pytest.raises(Interrupted):
        stream.run(source(broker, "a"), progress=interrupt)
    report = stream.run(source(broker, "a"))
    # The interrupted batch was processed but not committed: it comes again and changes nothing.
    assert report.n_repeated > 0
    table = stream.sinks[0].read()
    assert table["n_alerts"].sum() == N_PACKETS
    assert table.index.tolist() == sorted({packet["objectId"] for packet in packets})


def test_the_extra_is_named(monkeypatch, broker):
    monkeypatch.setitem(__import__("sys").modules, "confluent_kafka", None)
    with pytest.raises(ImportError, match=r"install skastro\[kafka\]"):
        next(source(broker, "b").batches(5))


def test_a_topic_that_does_not_exist_is_named(broker):
    config = broker | {"group.id": "c"}
    with pytest.raises(RuntimeError, match=r"topics \['nothing'\].*[Uu]nknown topic"):
        next(KafkaPackets("nothing", config, max_wait=0.2, idle_timeout=10).batches(5))


SAMPLES = sorted(Path(lsst.alert.packet.get_schema_path(5, 0)).parents[1].rglob("fakeAlert.avro"))


def test_official_lsst_packets_of_every_schema(tmp_path):
    with pytest.warns(ObjectWarning, match="2 files or packets .*packet has no 'diaObjectId'"):
        report = AlertStream(make_model(), tmp_path / "store.sqlite", []).run(SAMPLES)
    # The samples of schemas 3 and 4 have no object; the others are two alerts, many times.
    assert len(SAMPLES) == report.n_alerts + report.n_repeated + 2
    assert report.n_alerts == 2
