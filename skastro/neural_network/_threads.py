"""How many threads of the processor a step of a network gets."""

import time
from contextlib import contextmanager

import torch

TRIALS, TOO_SLOW = 3, 2.0
SHORTEST_PAUSE, LONGEST_PAUSE = 50, 6400


class ThreadChoice:
    """Takes all threads that torch has, or one where they stand in each other's way.

    The threads of an operation wait for one another.  Where another program holds a core, or a
    container may use less time than its cores have, each wait lasts until the system comes round,
    and a step can take a hundred times as long as with one thread.  So a few steps are tried by
    turns with one thread and with all, and where all take more than twice as long, the steps until
    the next trial have one.

    Examples
    --------
    >>> from skastro.neural_network._threads import ThreadChoice
    >>> choice = ThreadChoice()
    >>> with choice.step():
    ...     pass
    >>> choice.is_alone
    False
    """

    def __init__(self):
        self.is_alone = False
        self._pause, self._steps_left, self._trials = SHORTEST_PAUSE, 0, []

    @contextmanager
    def step(self):
        """Set the number of threads inside the block; outside it stays as it was."""
        usual = torch.get_num_threads()
        if usual == 1:
            yield
            return
        on_trial = self._steps_left == 0
        alone = len(self._trials) % 2 == 0 if on_trial else self.is_alone
        torch.set_num_threads(1 if alone else usual)
        begin = time.perf_counter()
        try:
            yield
        finally:
            torch.set_num_threads(usual)
        if on_trial:
            self._judge(time.perf_counter() - begin)
        else:
            self._steps_left -= 1

    def _judge(self, seconds):
        """Note a trial, the first and every other with one thread, and decide after the last."""
        self._trials.append(seconds)
        if len(self._trials) < 2 * TRIALS:
            return
        self.is_alone = min(self._trials[1::2]) > TOO_SLOW * min(self._trials[::2])
        self._pause = min(2 * self._pause, LONGEST_PAUSE) if self.is_alone else SHORTEST_PAUSE
        self._steps_left, self._trials = self._pause, []
