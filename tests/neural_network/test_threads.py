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
    machine = SimpleNamespace(threads=4, now=0.0, seconds={1: 0.02, 4: 0.01})
    monkeypatch.setattr(torch, "get_num_threads", lambda: machine.threads)
    monkeypatch.setattr(torch, "set_num_threads", lambda n: setattr(machine, "threads", n))
    monkeypatch.setattr(_threads.time, "perf_counter", lambda: machine.now)
    return machine


def run(choice, machine, seconds):
    """Threads of each step."""
    used, end = [], machine.now + seconds
    with choice.work():
        while machine.now < end:
            with choice.step():
                used.append(machine.threads)
                machine.now += machine.seconds[machine.threads]
    assert machine.threads == 4
    return used


def test_short_work_has_all_threads(machine):
    assert set(run(ThreadChoice(), machine, 0.9)) == {4}


def test_a_free_machine_gives_all_threads(machine):
    used = run(ThreadChoice(), machine, 60)
    assert used[100 : 100 + 2 * TRIALS] == [1, 4] * TRIALS
    assert 11 * TRIALS <= used.count(1) <= 13 * TRIALS


def test_a_busy_machine_gives_one_and_is_asked_ever_more_rarely(machine):
    machine.seconds[4] = 1.0
    choice = ThreadChoice()
    used = run(choice, machine, 3600)
    several = np.flatnonzero(np.array(used) == 4)
    pauses = 0.02 * np.diff(several)[np.diff(several) > 2]
    assert choice.is_alone and used.count(4) < 1 + 20 * TRIALS
    assert pauses[0] > SHORTEST_PAUSE and pauses[-1] > LONGEST_PAUSE
    assert (np.diff(pauses) >= -1e-9).all()


def test_one_thread_that_is_a_little_faster_changes_nothing(machine):
    machine.seconds[4] = 0.039
    choice = ThreadChoice()
    run(choice, machine, 60)
    assert not choice.is_alone


def test_threads_come_back_when_the_machine_is_free_again(machine):
    machine.seconds[4] = 1.0
    choice = ThreadChoice()
    run(choice, machine, 8)
    assert choice.is_alone
    machine.seconds[4] = 0.01
    assert run(choice, machine, 30)[-1] == 4 and not choice.is_alone


def test_one_slow_step_is_no_verdict(machine):
    choice = ThreadChoice()
    run(choice, machine, 1.01)
    machine.seconds[4] = 50.0
    run(choice, machine, 0.03)
    machine.seconds[4] = 0.01
    run(choice, machine, 0.2)
    assert not choice.is_alone and choice._seconds_left > 4


def test_an_error_leaves_the_threads_as_they_were(machine):
    machine.seconds[4] = 1.0
    choice = ThreadChoice()
    run(choice, machine, 8)
    with pytest.raises(KeyboardInterrupt), choice.work(), choice.step():
        assert machine.threads == 1
        raise KeyboardInterrupt
    assert machine.threads == 4


def test_one_thread_is_never_changed(machine):
    machine.threads = 1
    choice = ThreadChoice()
    with choice.work(), choice.step():
        assert machine.threads == 1


def test_training_and_prediction_choose_for_themselves(machine):
    X, y = np.random.default_rng(0).normal(size=(40, 16)), np.arange(40) % 2
    model = HeatmapCNNClassifier(max_epochs=2, random_state=0, image_shape=(1, 4, 4)).fit(X, y)
    model.predict_proba(X)
    assert set(model.net_._thread_choices) == {"train", "predict"} and machine.threads == 4
    assert "_thread_choices" not in vars(pickle.loads(pickle.dumps(model)).net_)


def test_a_device_chooses_no_threads(machine):
    net = WeightedNet(torch.nn.Identity, device="meta")
    with net.threads("train") as choice:
        choice._seconds_left = 0.0
        with choice.step():
            assert machine.threads == 4
