"""Packets from a Kafka topic."""

import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_LONGEST_JOIN = 60.0
_LASTING = (
    "UNKNOWN_TOPIC_OR_PART",
    "TOPIC_AUTHORIZATION_FAILED",
    "GROUP_AUTHORIZATION_FAILED",
    "_AUTHENTICATION",
)


class KafkaPackets:
    """Read alert packets from Kafka topics with confluent-kafka (extra ``kafka``).

    Messages are committed after everything before the next batch is done, so that a run that is
    killed receives them again: each message at least once.

    Parameters
    ----------
    topics : str or list of str
        Topics.

    config : dict
        Configuration of ``confluent_kafka.Consumer``, with ``bootstrap.servers`` and ``group.id``
        at least.  Unless it says otherwise, a new group starts at the oldest message.

    max_wait : float, default=1.0
        Longest time to wait for a batch to fill [s].

    idle_timeout : float, default=None
        Stop after so long without a message [s]; by default never.  The time counts from the
        moment at which the broker assigns partitions, for which it has a minute.

    Raises
    ------
    ImportError
        confluent-kafka is not installed.

    See Also
    --------
    AlertStream : Takes this as its source.

    Examples
    --------
    >>> from skastro.streaming import KafkaPackets
    >>> source = KafkaPackets(
    ...     "ztf_alerts", {"bootstrap.servers": "broker.example:9092", "group.id": "me"}
    ... )
    >>> source.topics
    ['ztf_alerts']
    """

    def __init__(
        self,
        topics: str | Sequence[str],
        config: Mapping[str, Any],
        *,
        max_wait: float = 1.0,
        idle_timeout: float | None = None,
    ):
        self.topics = [topics] if isinstance(topics, str) else list(topics)
        self.config = dict(config)
        self.max_wait = max_wait
        self.idle_timeout = idle_timeout

    def batches(self, batch_size: int) -> Iterator[list[bytes]]:
        """Yield the contents of messages, and commit them when the next batch is requested.

        Parameters
        ----------
        batch_size : int
            Largest number of messages per batch.

        Yields
        ------
        packets : list of bytes

        Raises
        ------
        RuntimeError
            The broker reports an error that waiting does not mend: no such topic, no permission.
        """
        clock = _IdleClock(self.idle_timeout)
        consumer = self._connect(clock)
        try:
            while not clock.has_run_out():
                packets = self._contents(consumer.consume(batch_size, timeout=self.max_wait))
                if packets:
                    yield packets
                    _commit(consumer)
                    clock.restart()
        finally:
            consumer.close()

    def _connect(self, clock):
        try:
            from confluent_kafka import Consumer
        except ImportError:
            raise ImportError(
                "KafkaPackets needs confluent-kafka: install skastro[kafka]"
            ) from None
        defaults = {"auto.offset.reset": "earliest"}
        # `enable.auto.commit` last: no configuration may commit messages before they are worked on.
        consumer = Consumer(defaults | self.config | {"enable.auto.commit": False})
        consumer.subscribe(self.topics, on_assign=clock.restart)
        return consumer

    def _contents(self, messages):
        from confluent_kafka import KafkaError

        lasting = {getattr(KafkaError, name) for name in _LASTING}
        for error in filter(None, (message.error() for message in messages)):
            if error.fatal() or error.code() in lasting:
                raise RuntimeError(f"KafkaPackets: topics {self.topics}: {error}")
        return [message.value() for message in messages if message.error() is None]


def _commit(consumer):
    """Commit what was received; if that fails, as while partitions move, it comes again."""
    from confluent_kafka import KafkaException

    try:
        consumer.commit(asynchronous=False)
    except KafkaException as error:
        if error.args[0].fatal():
            raise


class _IdleClock:
    """The time since the last message, or since the start until partitions are assigned."""

    def __init__(self, timeout):
        self.timeout = timeout
        self.limit = None if timeout is None else max(timeout, _LONGEST_JOIN)
        self.start = time.monotonic()

    def restart(self, *assignment):
        self.limit, self.start = self.timeout, time.monotonic()

    def has_run_out(self):
        return self.limit is not None and time.monotonic() - self.start > self.limit
