"""How many threads of the processor a step of a network gets."""

import time
from contextlib import contextmanager

import torch

TRIALS, TOO_SLOW = 3, 2.0
FIRST_PAUSE, SHORTEST_PAUSE, LONGEST_PAUSE = 1.0, 5.0, 300.0


class ThreadChoice:
    """Takes all threads that torch has, or one where they stand in each other's way.

    The threads of an operation wait for one another.  Where another program holds a core, or a
    container may use less time than its cores have, each wait lasts until the system comes round,
    and a step can take a hundred times as long as with one thread.  So after a second, and then
    every five seconds of work, a few steps have one thread and all by turns.  Where all take more
    than twice as long, the steps until the next trial have one, and the pauses grow.

    Examples
    --------
    >>> from skastro.neural_network._threads import ThreadChoice
    >>> choice = ThreadChoice()
    >>> with choice.work():
    ...     for _ in range(3):
    ...         with choice.step():
    ...             pass
    >>> choice.is_alone
    False
    """

    def __init__(self):
        self.is_alone, self._usual = False, 1
        self._pause, self._seconds_left, self._trials = SHORTEST_PAUSE, FIRST_PAUSE, []

    @contextmanager
    def work(self):
        """Choose in the steps of the block; after it torch has the threads it had before."""
        self._usual = torch.get_num_threads()
        try:
            yield self
        finally:
            _set_threads(self._usual)
            self._usual = 1

    @contextmanager
    def step(self):
        """Give the block its threads, and see how long it takes."""
        if self._usual == 1:
            yield
            return
        on_trial = self._seconds_left <= 0
        alone = len(self._trials) % 2 == 0 if on_trial else self.is_alone
        _set_threads(1 if alone else self._usual)
        begin = time.perf_counter()
        yield
        seconds = time.perf_counter() - begin
        self._seconds_left -= seconds
        if on_trial:
            self._judge(seconds)

    def _judge(self, seconds):
        """Note a trial, the first and every other with one thread, and decide after the last."""
        self._trials.append(seconds)
        if len(self._trials) < 2 * TRIALS:
            return
        self.is_alone = min(self._trials[1::2]) > TOO_SLOW * min(self._trials[::2])
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self.is_alone else SHORTEST_PAUSE
        self._seconds_left, self._trials = self._pause, []


def _set_threads(number):
    """Set the number of threads if it is another: torch forgets prepared operations each time."""
    if torch.get_num_threads() != number:
        torch.set_num_threads(number)
