"""The choice of the number of threads, with a clock and a machine that are made up."""

import pickle
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from skastro.neural_network import HeatmapCNNClassifier, _threads
from skastro.neural_network._net import WeightedNet
from skastro.neural_network._threads import LONGEST_PAUSE, SHORTEST_PAUSE, TRIALS, ThreadChoice


@pytest.fixture
def machine(monkeypatch):
    """Four threads; a step takes ``seconds[n_threads]``."""
    machine = SimpleNamespace(threads=4, now=0.0, seconds={1: 1.0, 4: 0.4})
    monkeypatch.setattr(torch, "get_num_threads", lambda: machine.threads)
    monkeypatch.setattr(torch, "set_num_threads", lambda n: setattr(machine, "threads", n))
    monkeypatch.setattr(_threads.time, "perf_counter", lambda: machine.now)
    return machine


def run(choice, machine, n_steps):
    """Threads of each step."""
    used = []
    for _ in range(n_steps):
        with choice.step():
            used.append(machine.threads)
            machine.now += machine.seconds[machine.threads]
        assert machine.threads == 4
    return used


def test_a_free_machine_gives_all_threads(machine):
    used = run(ThreadChoice(), machine, 500)
    trial = [1, 4] * TRIALS
    assert used[: len(trial)] == trial
    assert used[len(trial) : len(trial) + SHORTEST_PAUSE] == [4] * SHORTEST_PAUSE
    assert used.count(1) == TRIALS * (1 + 500 // (SHORTEST_PAUSE + len(trial) + 1))


def test_a_busy_machine_gives_one_and_is_asked_ever_more_rarely(machine):
    machine.seconds[4] = 100.0
    choice = ThreadChoice()
    used = run(choice, machine, 50_000)
    assert choice.is_alone
    several = np.flatnonzero(np.array(used) == 4)
    gaps = np.diff(several)[np.diff(several) > 2]
    assert gaps[0] > 2 * SHORTEST_PAUSE and gaps[-1] > LONGEST_PAUSE and (np.diff(gaps) >= 0).all()


def test_one_thread_that_is_a_little_faster_changes_nothing(machine):
    machine.seconds[4] = 1.9
    choice = ThreadChoice()
    run(choice, machine, 100)
    assert not choice.is_alone


def test_threads_come_back_when_the_machine_is_free_again(machine):
    machine.seconds[4] = 100.0
    choice = ThreadChoice()
    run(choice, machine, 20)
    machine.seconds[4] = 0.4
    assert run(choice, machine, 200)[-1] == 4 and not choice.is_alone


def test_one_slow_step_is_no_verdict(machine):
    choice = ThreadChoice()
    run(choice, machine, 1)
    with choice.step():
        machine.now += 50.0
    run(choice, machine, 2 * TRIALS)
    assert not choice.is_alone and choice._steps_left


def test_an_error_leaves_the_threads_as_they_were(machine):
    with pytest.raises(KeyboardInterrupt), ThreadChoice().step():
        assert machine.threads == 1
        raise KeyboardInterrupt
    assert machine.threads == 4


def test_one_thread_is_never_changed(machine):
    machine.threads = 1
    with ThreadChoice().step():
        assert machine.threads == 1


def test_training_and_prediction_choose_for_themselves(machine):
    X, y = np.random.default_rng(0).normal(size=(40, 16)), np.arange(40) % 2
    model = HeatmapCNNClassifier(max_epochs=2, random_state=0, image_shape=(1, 4, 4)).fit(X, y)
    model.predict_proba(X)
    assert {"train", "validate", "predict"} <= set(model.net_._thread_choices)
    assert "_thread_choices" not in vars(pickle.loads(pickle.dumps(model)).net_)


def test_a_device_has_no_threads():
    net = WeightedNet(torch.nn.Identity, device="meta")
    with net.threads("train"):
        pass
    assert not net._thread_choices
