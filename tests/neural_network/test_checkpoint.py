"""A training that was killed resumes from its checkpoint and ends as if it had never stopped."""

import os
import signal
import subprocess
import sys

import numpy as np
import pytest
import torch
from sklearn.base import clone
from skorch.callbacks import Callback, LRScheduler

from skastro.datasets import make_bazin
from skastro.neural_network import (
    HeatmapCNNClassifier,
    RecurrentClassifier,
    TransformerAutoencoder,
)


class Kill(Callback):
    """End the process in one epoch, as the kernel or a queue does."""

    def __init__(self, epoch):
        self.epoch = epoch

    def on_batch_end(self, net, training=False, **kwargs):
        if len(net.history) == self.epoch and os.environ.get("KILL"):
            os.kill(os.getpid(), signal.SIGKILL)


class Stop(Callback):
    """Raise in one epoch, if it is armed."""

    armed = True

    def on_epoch_begin(self, net, **kwargs):
        if self.armed and len(net.history) == 4:
            raise RuntimeError("power failure")


def data():
    rng = np.random.default_rng(0)
    y = np.repeat(["KN", "SNIa", "TDE"], 20)
    return rng.normal(size=(60, 32)).astype(np.float32) + np.repeat([0, 0.5, -0.5], 20)[:, None], y


def network(**parameters):
    defaults = {"image_shape": (4, 8, 1), "max_epochs": 6, "batch_size": 16, "random_state": 0}
    return HeatmapCNNClassifier(**(defaults | parameters))


def interrupted(model, *arguments):
    """Fit a model that stops in epoch 4, and then one that does not."""
    Stop.armed = True
    with pytest.raises(RuntimeError, match="power failure"):
        clone(model).fit(*arguments)
    Stop.armed = False
    return clone(model).fit(*arguments)


@pytest.mark.slow
def test_a_killed_process_resumes_as_if_nothing_had_happened(tmp_path):
    path = tmp_path / "state.pt"
    script = f"""if True:
        import sys; sys.path.insert(0, {os.path.dirname(__file__)!r})
        from test_checkpoint import Kill, data, network
        network(checkpoint={str(path)!r}, callbacks=[Kill(4)]).fit(*data())
        """
    environment = os.environ | {"KILL": "1"}
    killed = subprocess.run([sys.executable, "-c", script], env=environment, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert [path.name for path in tmp_path.glob("state*")] == ["state.pt"]
    assert len(torch.load(path, weights_only=True)["history"]) == 3
    X, y = data()
    resumed = network(checkpoint=path, callbacks=[Kill(4)]).fit(X, y)
    assert len(resumed.history_) == 6
    np.testing.assert_array_equal(resumed.predict_proba(X), network().fit(X, y).predict_proba(X))


@pytest.mark.parametrize("random_state", [0, None])
def test_history_best_epoch_and_callbacks_resume(tmp_path, random_state):
    X, y = data()
    noise = np.random.default_rng(0).permutation(y)
    scheduler = LRScheduler("StepLR", step_size=2)
    model = network(
        random_state=random_state,
        lr=0.02,
        schedule="constant",
        patience=5,
        max_epochs=30,
        callbacks=[scheduler, Stop()],
        checkpoint=tmp_path / "state.pt",
    )
    resumed = interrupted(model, X, noise)
    assert resumed.history_["epoch"].tolist() == list(range(1, resumed.n_iter_ + 1))
    if random_state is not None:
        whole = clone(model).set_params(checkpoint=None).fit(X, noise)
        np.testing.assert_array_equal(resumed.predict_proba(X), whole.predict_proba(X))
        columns = ["epoch", "train_loss", "valid_loss", "valid_accuracy", "lr"]
        assert resumed.history_[columns].equals(whole.history_[columns])
        assert resumed.best_epoch_ == whole.best_epoch_


def test_another_training_does_not_resume(tmp_path):
    X, y = data()
    model = network(callbacks=[Stop()], checkpoint=tmp_path / "state.pt")
    Stop.armed = True
    with pytest.raises(RuntimeError):
        model.fit(X, y)
    Stop.armed = False
    for change in ({"lr": 1e-3}, {"random_state": 1}, {"max_epochs": 7}):
        before = (tmp_path / "state.pt").read_bytes()
        other = clone(model).set_params(**change).fit(X, y)
        expected = clone(model).set_params(**change, checkpoint=None).fit(X, y)
        np.testing.assert_array_equal(other.predict_proba(X), expected.predict_proba(X))
        (tmp_path / "state.pt").write_bytes(before)
    X[0, 0] += 1
    other = clone(model).fit(X, y)
    expected = clone(model).set_params(checkpoint=None).fit(X, y)
    np.testing.assert_array_equal(other.predict_proba(X), expected.predict_proba(X))


def test_a_finished_training_is_restored_and_a_folder_holds_several(tmp_path):
    X, y = data()
    models = [network(random_state=seed, checkpoint=tmp_path) for seed in (0, 1)]
    first = [clone(model).fit(X, y).predict_proba(X) for model in models]
    assert len(list(tmp_path.iterdir())) == 2
    again = [clone(model).fit(X, y) for model in models]
    assert [model.n_iter_ for model in again] == [6, 6]
    for before, model in zip(first, again):
        np.testing.assert_array_equal(model.predict_proba(X), before)


def test_light_curves_and_auto_encoders_resume(tmp_path):
    X, y = make_bazin(40, random_state=0)
    options = {"max_epochs": 5, "batch_size": 16, "random_state": 0, "callbacks": [Stop()]}
    path = tmp_path / "state.pt"
    model = RecurrentClassifier(**options, checkpoint=path)
    found = interrupted(model, X, y).predict_proba(X)
    expected = clone(model).set_params(checkpoint=None).fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(found, expected)
    encoder = TransformerAutoencoder(**options, checkpoint=path)
    found = interrupted(encoder, X).transform(X)
    expected = clone(encoder).set_params(checkpoint=None).fit(X).transform(X)
    np.testing.assert_array_equal(found, expected)


def test_a_file_that_is_not_a_checkpoint_is_refused_and_kept(tmp_path):
    path = tmp_path / "state.pt"
    path.write_text("results of last year")
    with pytest.raises(ValueError, match="state.pt is not a checkpoint"):
        network(checkpoint=path).fit(*data())
    assert path.read_text() == "results of last year"


class Keeper(Callback):
    """Keeps what no checkpoint can hold."""

    def on_train_begin(self, net, **kwargs):
        self.module_ = object()


def test_state_that_a_checkpoint_cannot_hold_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="Keeper.module_ of the type object"):
        network(checkpoint=tmp_path / "state.pt", callbacks=[Keeper()]).fit(*data())


class Press(Callback):
    """Press Ctrl-C in one epoch."""

    def on_epoch_begin(self, net, **kwargs):
        if len(net.history) == 3 and Stop.armed:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture
def usual_ctrl_c():
    """Python's own handler of Ctrl-C, which workers of the test runner replace."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("usual_ctrl_c")
def test_ctrl_c_is_raised_and_the_next_fit_resumes(tmp_path):
    X, y = data()
    model = network(callbacks=[Press()], checkpoint=tmp_path / "state.pt")
    Stop.armed = True
    with pytest.raises(KeyboardInterrupt):
        clone(model).fit(X, y)
    Stop.armed = False
    expected = network().fit(X, y).predict_proba(X)
    np.testing.assert_array_equal(clone(model).fit(X, y).predict_proba(X), expected)
