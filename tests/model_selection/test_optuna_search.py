"""OptunaSearchCV: the interface of a search, storage, pruning, the front of a Pipeline."""

import os
import pickle
import signal
import subprocess
import sys
import time
import warnings

import numpy as np
import optuna
import pandas as pd
import pytest
import sklearn
from optuna.distributions import FloatDistribution
from sklearn.base import clone
from sklearn.datasets import make_classification
from sklearn.exceptions import FitFailedWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import (
    GroupKFold,
    StratifiedKFold,
    cross_val_score,
    cross_validate,
)
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.exceptions import ObjectError
from skastro.model_selection import OptunaSearchCV

SPACE = {"C": FloatDistribution(1e-4, 10, log=True)}
CV = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(scope="module")
def data():
    return make_classification(90, 5, n_informative=3, n_classes=3, random_state=0)


def search(estimator=None, space=None, **options):
    options = {"n_trials": 6, "cv": CV, "random_state": 0} | options
    return OptunaSearchCV(estimator or LogisticRegression(), space or SPACE, **options)


def params_of(fitted):
    return [trial.params for trial in fitted.study_.trials if "finished" in trial.user_attrs]


class TestInterface:
    def test_scores_are_those_of_cross_validation(self, data):
        fitted = search(pruner=None).fit(*data)
        expected = cross_val_score(LogisticRegression(**fitted.best_params_), *data, cv=CV)
        table = fitted.cv_results_
        found = [table[f"split{i}_test_score"][fitted.best_index_] for i in range(3)]
        np.testing.assert_allclose(found, expected)
        assert fitted.best_score_ == pytest.approx(expected.mean())
        assert fitted.best_score_ == table["mean_test_score"].max()
        assert table["rank_test_score"][fitted.best_index_] == 1
        assert len(fitted.trials_dataframe()) == 6 and fitted.n_splits_ == 3
        best = LogisticRegression(**fitted.best_params_).fit(*data)
        np.testing.assert_allclose(fitted.predict_proba(data[0]), best.predict_proba(data[0]))
        assert fitted.classes_.tolist() == [0, 1, 2] and fitted.n_features_in_ == 5

    def test_it_finds_what_matters(self, data):
        space = {"C": [1e-6, 1.0]}
        assert search(space=space, pruner=None).fit(*data).best_params_ == {"C": 1.0}

    def test_same_random_state_same_trials(self, data):
        first, second, other = (search(random_state=s).fit(*data) for s in (0, 0, 1))
        assert params_of(first) == params_of(second) != params_of(other)

    def test_several_scores(self, data):
        scoring = ["accuracy", "neg_log_loss"]
        fitted = search(scoring=scoring, refit="neg_log_loss", pruner=None).fit(*data)
        table = fitted.cv_results_
        assert fitted.best_index_ == table["mean_test_neg_log_loss"].argmax()
        assert fitted.multimetric_ and np.isfinite(table["mean_test_accuracy"]).all()
        with pytest.raises(ValueError, match=r"need refit=name.*among \['accuracy'"):
            search(scoring=scoring).fit(*data)

    def test_a_function_as_space_and_objects_as_choices(self, data):
        def space(trial):
            name = trial.suggest_categorical("kind", ["weak", "strong"])
            return {"C": {"weak": 1e-6, "strong": 1.0}[name]}

        fitted = search(space=space, pruner=None).fit(*data)
        assert fitted.best_params_ == {"C": 1.0}
        model = make_pipeline(StandardScaler(), LogisticRegression())
        scalers = {"standardscaler": [StandardScaler(), "passthrough"]}
        fitted = search(model, scalers, pruner=None).fit(*data)
        assert type(fitted.best_params_["standardscaler"]) in (StandardScaler, str)

    def test_without_refit(self, data):
        fitted = search(refit=False).fit(*data)
        assert fitted.best_params_ and not hasattr(fitted, "best_estimator_")

    def test_pickle_and_clone(self, data):
        fitted = search().fit(*data)
        again = pickle.loads(pickle.dumps(fitted))
        assert again.best_params_ == fitted.best_params_
        assert clone(fitted).get_params()["n_trials"] == 6

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"space": {"C": 3.0}}, "not an Optuna distribution or a list"),
            ({"n_trials": 0}, "'n_trials' parameter of OptunaSearchCV"),
            ({"pruner": "best"}, "'pruner' parameter"),
        ],
    )
    def test_wrong_parameters_are_refused(self, data, options, message):
        with pytest.raises(ValueError, match=message):
            search(**options).fit(*data)


class Failing(LogisticRegression):
    """Fails where C is small."""

    def fit(self, X, y):
        if self.C < 0.1:
            raise RuntimeError("does not converge")
        return super().fit(X, y)


def test_failed_fits_get_the_error_score(data):
    with pytest.warns(FitFailedWarning, match="RuntimeError: does not converge"):
        fitted = search(Failing(), {"C": [0.01, 1.0]}).fit(*data)
    assert fitted.best_params_ == {"C": 1.0}
    assert set(fitted.cv_results_["state"]) == {"COMPLETE", "FAIL"}
    with pytest.raises(RuntimeError):
        search(Failing(), {"C": [0.01]}, error_score="raise").fit(*data)
    with pytest.warns(FitFailedWarning), pytest.raises(ValueError, match="none of 6 trials has"):
        search(Failing(), {"C": [0.01]}).fit(*data)


class Stopped(LogisticRegression):
    """Receives Ctrl-C in some fit."""

    left = None

    def fit(self, X, y):
        if Stopped.left is not None:
            Stopped.left -= 1
            if Stopped.left == 0:
                Stopped.left = None
                raise KeyboardInterrupt
        return super().fit(X, y)


class TestStorage:
    def test_an_interrupted_search_continues_as_if_nothing_had_happened(self, data, tmp_path):
        whole = search(Stopped(), n_trials=10).fit(*data)
        path = tmp_path / "study.log"
        Stopped.left = 13
        with pytest.warns(UserWarning, match="interrupted after 4 complete trials"):
            part = search(Stopped(), n_trials=10, storage=path).fit(*data)
        assert part.best_score_ == part.cv_results_["mean_test_score"].max()
        assert len(part.cv_results_["params"]) == 4
        resumed = search(Stopped(), n_trials=10, storage=path).fit(*data)
        assert params_of(resumed) == params_of(whole)
        assert resumed.best_params_ == whole.best_params_
        assert resumed.best_score_ == whole.best_score_

    def test_ctrl_c_may_be_raised(self, data, tmp_path):
        path = tmp_path / "study.log"
        Stopped.left = 5
        with pytest.raises(KeyboardInterrupt):
            search(Stopped(), storage=path, on_interrupt="raise").fit(*data)
        assert len(params_of(search(Stopped(), storage=path).fit(*data))) == 6

    def test_a_killed_process_continues(self, data, tmp_path):
        path = tmp_path / "study.log"
        script = tmp_path / "tune.py"
        script.write_text(
            "import sys, time\n"
            "from optuna.distributions import FloatDistribution\n"
            "from sklearn.datasets import make_classification\n"
            "from sklearn.linear_model import LogisticRegression\n"
            "from sklearn.model_selection import StratifiedKFold\n"
            "from skastro.model_selection import OptunaSearchCV\n"
            "class Slow(LogisticRegression):\n"
            "    def fit(self, X, y):\n"
            "        time.sleep(float(sys.argv[2]))\n"
            "        return super().fit(X, y)\n"
            "search = OptunaSearchCV(Slow(), {'C': FloatDistribution(1e-4, 10, log=True)},\n"
            "    n_trials=6, cv=StratifiedKFold(3, shuffle=True, random_state=0),\n"
            "    random_state=0, storage=sys.argv[1])\n"
            "data = make_classification(90, 5, n_informative=3, n_classes=3, random_state=0)\n"
            "print(search.fit(*data).best_params_['C'])\n"
        )
        run = [sys.executable, str(script), str(path)]
        environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
        process = subprocess.Popen([*run, "0.3"], env=environment)
        while not path.exists() or path.read_text().count('"finished"') < 2:
            time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        process.wait()
        resumed = subprocess.run(
            [*run, "0"], capture_output=True, text=True, check=True, env=environment
        )
        expected = search().fit(*data).best_params_["C"]
        assert float(resumed.stdout) == expected

    def test_more_trials_later(self, data, tmp_path):
        url = f"sqlite:///{tmp_path}/study.db"
        assert len(params_of(search(storage=url, n_trials=3).fit(*data))) == 3
        again = search(storage=url, n_trials=5).fit(*data)
        assert len(params_of(again)) == 5
        assert params_of(again) == params_of(search(n_trials=5).fit(*data))

    @pytest.mark.parametrize(
        ("change", "part"),
        [
            (lambda X, y: (X + 1, y, {}), "data"),
            (lambda X, y: (X, y[::-1], {}), "data"),
            (lambda X, y: (X, y, {"space": {"C": [1.0]}}), "space"),
            (lambda X, y: (X, y, {"scoring": "accuracy"}), "scorer"),
            (lambda X, y: (X, y, {"cv": 4}), "splits"),
            (lambda X, y: (X, y, {"estimator": LogisticRegression(tol=1e-2)}), "estimator"),
        ],
    )
    def test_a_study_of_another_search_is_refused(self, data, tmp_path, change, part):
        path = tmp_path / "study.log"
        search(storage=path, n_trials=2).fit(*data)
        X, y, options = change(*data)
        with pytest.raises(ValueError, match=f"'skastro' in this storage .*other.*{part}"):
            search(storage=path, **options).fit(X, y)
        search(storage=path, study_name="another", n_trials=2, **options).fit(X, y)

    def test_processes_share_a_study(self, data, tmp_path):
        for storage in (None, tmp_path / "study.log"):
            fitted = search(storage=storage, n_jobs=2).fit(*data)
            assert len(fitted.cv_results_["params"]) == 6
            assert fitted.best_score_ == np.nanmax(fitted.cv_results_["mean_test_score"])

    def test_timeout(self, data):
        fitted = search(n_trials=None, timeout=0.3).fit(*data)
        assert len(fitted.cv_results_["params"]) >= 1


class Leaking:
    """A splitter whose test objects are trained on."""

    def split(self, X, y=None, groups=None):
        yield np.arange(len(X)), np.arange(5)

    def get_n_splits(self, X=None, y=None, groups=None):
        return 1


def test_a_leaking_splitter_is_refused(data):
    X = pd.DataFrame(data[0], index=[f"SN{i}" for i in range(90)])
    with pytest.raises(ObjectError, match="fold 0 share objects .*'SN0', 'SN1'"):
        search(cv=Leaking()).fit(X, data[1])
    with pytest.raises(ValueError, match="share groups; use a splitter that keeps groups"):
        search().fit(*data, groups=np.arange(90) // 2)
    search(cv=GroupKFold(3), n_trials=1).fit(*data, groups=np.arange(90) // 2)


def test_labels_of_other_objects_are_refused(data):
    X = pd.DataFrame(data[0], index=[f"SN{i}" for i in range(90)])
    with pytest.raises(ValueError, match="y has another index than X"):
        search().fit(X, pd.Series(data[1]))


def test_weights_are_routed(data):
    X, y = data
    weights = np.where(y == 0, 1.0, 0.0) + 1e-3
    with sklearn.config_context(enable_metadata_routing=True):
        model = LogisticRegression().set_fit_request(sample_weight=True)
        model = model.set_score_request(sample_weight=True)
        fitted = search(model, {"C": [1.0]}, n_trials=1).fit(X, y, sample_weight=weights)
        expected = cross_val_score(model, X, y, cv=CV, params={"sample_weight": weights})
        plain = search(model, {"C": [1.0]}, n_trials=1).fit(X, y)
    assert fitted.best_score_ == pytest.approx(expected.mean())
    assert fitted.best_score_ != pytest.approx(plain.best_score_)


def test_it_is_an_estimator_in_cross_validation(data):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        scores = cross_validate(search(n_trials=2), *data, cv=2)["test_score"]
    assert (scores > 0.4).all()
