"""OptunaSearchCV: pruning by fold and by epoch, the front of a Pipeline computed once."""

import numpy as np
import optuna
import pytest
from imblearn.under_sampling import RandomUnderSampler
from optuna.distributions import FloatDistribution, IntDistribution
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.datasets import make_classification
from sklearn.ensemble import VotingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold
from sklearn.multiclass import OneVsRestClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from skastro.model_selection import OptunaSearchCV
from skastro.neural_network import DeepEnsembleClassifier, MultimodalClassifier
from skastro.resampling import ResamplingPipeline, RowSampler

SPACE = {"C": FloatDistribution(1e-4, 10, log=True)}
CV = StratifiedKFold(3, shuffle=True, random_state=0)


@pytest.fixture(autouse=True)
def quiet():
    optuna.logging.set_verbosity(optuna.logging.WARNING)


@pytest.fixture(scope="module")
def data():
    return make_classification(90, 5, n_informative=3, n_classes=3, random_state=0)


def search(estimator, space, **options):
    options = {"n_trials": 6, "cv": CV, "random_state": 0} | options
    return OptunaSearchCV(estimator, space, **options)


class Constant(ClassifierMixin, BaseEstimator):
    """Scores its parameter, and counts its fits."""

    fits = 0

    def __init__(self, value=0.0):
        self.value = value

    def fit(self, X, y):
        Constant.fits += 1
        self.classes_ = np.unique(y)
        return self

    def predict(self, X):
        return np.full(len(X), self.classes_[0])

    def score(self, X, y):
        return self.value


class TestPruning:
    def test_hopeless_trials_end_after_a_fold(self, data):
        pruner = optuna.pruners.MedianPruner(n_startup_trials=2)
        space = {"value": FloatDistribution(0, 1)}
        Constant.fits = 0
        fitted = search(Constant(), space, n_trials=20, pruner=pruner, refit=False).fit(*data)
        states = fitted.cv_results_["state"]
        pruned = states == "PRUNED"
        assert pruned.sum() > 4
        assert Constant.fits == 3 * (~pruned).sum() + pruned.sum()
        values = np.array([params["value"] for params in fitted.cv_results_["params"]])
        assert values[pruned].max() < values.max() == pytest.approx(fitted.best_score_)
        assert np.isnan(fitted.cv_results_["mean_test_score"][pruned]).all()
        assert np.isfinite(fitted.cv_results_["split0_test_score"][pruned]).all()

    def network(self, **options):
        shared = {"inputs": {"x": (5,)}, "max_epochs": 4, "validation": 0.2, "random_state": 0}
        return MultimodalClassifier(**shared | options)

    def test_epochs_of_every_fold_have_their_own_steps(self, data):
        X = data[0].astype("f4")
        space = {"lr": FloatDistribution(1e-4, 1e-1, log=True)}
        fitted = search(self.network(), space, n_trials=2, cv=2).fit(X, data[1])
        for trial in fitted.study_.trials:
            assert list(trial.intermediate_values) == list(range(1, 9))
            assert all(value < 0 for value in trial.intermediate_values.values())

    def test_a_searched_number_of_epochs_keeps_the_steps_apart(self, data):
        X = data[0].astype("f4")
        space = {"max_epochs": IntDistribution(2, 6)}
        fitted = search(self.network(), space, n_trials=3, cv=2, pruner=None).fit(X, data[1])
        for trial in fitted.study_.trials:
            n = trial.params["max_epochs"]
            steps = [*range(1, n + 1), *range(7, 7 + n)]
            assert list(trial.intermediate_values) == steps

    def test_hopeless_networks_end_within_a_fold(self, data):
        X = data[0].astype("f4")
        space = {"lr": [1e-9, 0.05]}
        pruner = optuna.pruners.MedianPruner(n_startup_trials=1)
        model = make_pipeline(StandardScaler(), self.network(max_epochs=8))
        fitted = search(
            model, {"multimodalclassifier__lr": space["lr"]}, n_trials=8, pruner=pruner, cv=2
        ).fit(X, data[1])
        pruned = [t for t in fitted.study_.trials if t.state.name == "PRUNED"]
        assert pruned and all(len(t.intermediate_values) < 16 for t in pruned)
        assert {t.params["multimodalclassifier__lr"] for t in pruned} == {1e-9}
        assert fitted.best_params_ == {"multimodalclassifier__lr": 0.05}

    def test_a_whole_pipeline_reports_epochs_too(self, data):
        X = data[0].astype("f4")
        model = make_pipeline(StandardScaler(), self.network())
        space = {"multimodalclassifier__lr": [0.01]}
        fitted = search(model, space, n_trials=1, cv=2, cache_front=False).fit(X, data[1])
        assert list(fitted.study_.trials[0].intermediate_values) == list(range(1, 9))

    @pytest.mark.parametrize(
        "wrap, n_trainings",
        [
            (lambda network: DeepEnsembleClassifier(network, n_estimators=2), 2),
            (lambda network: VotingClassifier([("a", network), ("b", network)], voting="soft"), 2),
            (OneVsRestClassifier, 3),
        ],
    )
    def test_every_network_of_a_meta_estimator_has_its_own_steps(self, data, wrap, n_trainings):
        X, y = data
        model = wrap(self.network(max_epochs=2))
        fitted = search(model, self.space_of(model), n_trials=1, cv=2).fit(X.astype("f4"), y)
        steps = list(fitted.study_.trials[0].intermediate_values)
        assert steps == list(range(1, 2 * 2 * n_trainings + 1))

    def space_of(self, model):
        return {next(name for name in model.get_params() if name.endswith("__lr")): [0.01]}

    def test_a_hopeless_ensemble_ends_in_its_first_network(self, data):
        X = data[0].astype("f4")
        network = self.network(max_epochs=6)
        model = DeepEnsembleClassifier(network, n_estimators=2, random_state=0)
        pruner = optuna.pruners.MedianPruner(n_startup_trials=1)
        space = {"estimator__lr": [1e-9, 0.05]}
        fitted = search(model, space, n_trials=8, pruner=pruner, cv=2).fit(X, data[1])
        pruned = [t for t in fitted.study_.trials if t.state.name == "PRUNED"]
        assert pruned and all(len(t.intermediate_values) <= 6 for t in pruned)
        assert {t.params["estimator__lr"] for t in pruned} == {1e-9}

    def test_networks_of_other_processes_are_compared_by_fold(self, data):
        X = data[0].astype("f4")
        model = DeepEnsembleClassifier(self.network(), n_estimators=2, n_jobs=2)
        fitted = search(model, {"estimator__lr": [0.01]}, n_trials=1, cv=2).fit(X, data[1])
        assert list(fitted.study_.trials[0].intermediate_values) == [0, 1]

    def test_networks_without_validation_are_compared_by_fold(self, data):
        X = data[0].astype("f4")
        model = self.network(validation=None)
        fitted = search(model, {"lr": [0.01]}, n_trials=1, cv=2).fit(X, data[1])
        assert list(fitted.study_.trials[0].intermediate_values) == [0, 1]


class Counting(TransformerMixin, BaseEstimator):
    """Adds a shift, and counts how often it is fitted."""

    fits = 0

    def __init__(self, shift=0.0):
        self.shift = shift

    def fit(self, X, y=None):
        Counting.fits += 1
        self.n_features_in_ = np.shape(X)[1]
        return self

    def transform(self, X):
        return np.asarray(X) + self.shift


class TestFront:
    def model(self):
        return make_pipeline(Counting(), StandardScaler(), LogisticRegression())

    @pytest.mark.parametrize("cache_front", [True, False])
    def test_the_front_is_computed_once_per_fold(self, data, cache_front):
        Counting.fits = 0
        space = {"logisticregression__C": SPACE["C"]}
        options = {"pruner": None, "refit": False, "cache_front": cache_front}
        fitted = search(self.model(), space, **options).fit(*data)
        assert Counting.fits == (3 if cache_front else 3 * 6)
        plain = search(self.model(), space, **options | {"cache_front": False}).fit(*data)
        for key in ("mean_test_score", "std_test_score"):
            np.testing.assert_allclose(fitted.cv_results_[key], plain.cv_results_[key])

    def test_once_per_value_of_its_parameters(self, data):
        Counting.fits = 0
        space = {"counting__shift": [0.0, 1.0], "logisticregression__C": SPACE["C"]}
        fitted = search(self.model(), space, n_trials=10, pruner=None, refit=False).fit(*data)
        used = {trial.params["counting__shift"] for trial in fitted.study_.trials}
        assert Counting.fits == 3 * len(used)

    def test_steps_behind_it_do_not_compute_it_again(self, data):
        Counting.fits = 0
        space = {"standardscaler__with_mean": [True, False], "logisticregression__C": SPACE["C"]}
        search(self.model(), space, n_trials=10, pruner=None, refit=False).fit(*data)
        assert Counting.fits == 3

    def test_on_disk(self, data, tmp_path):
        space = {"logisticregression__C": SPACE["C"]}
        options = {"memory": str(tmp_path), "pruner": None, "refit": False}
        Counting.fits = 0
        for _ in range(2):
            search(self.model(), space, **options).fit(*data)
        assert Counting.fits == 3
        search(self.model(), space, **options).fit(data[0] + 1, data[1])
        assert Counting.fits == 6

    def test_samplers_act_on_training_parts_and_weights_follow(self, data):
        X, y = data[0], (data[1] == 0).astype(int)
        weights = np.arange(90.0)

        class Recorder(GaussianNB):
            seen = []

            def fit(self, X, y, sample_weight=None):
                Recorder.seen.append((len(X), np.bincount(y).tolist(), sample_weight))
                self.n_test_ = None
                return super().fit(X, y, sample_weight)

            def score(self, X, y):
                Recorder.seen.append(len(X))
                return super().score(X, y)

        balance = RowSampler(RandomUnderSampler(random_state=0))
        model = ResamplingPipeline([("balance", balance), ("classifier", Recorder())])
        space = {"classifier__var_smoothing": [1e-9]}
        fitted = search(model, space, n_trials=1, refit=False)
        fitted.fit(X, y, classifier__sample_weight=weights)
        for number, (train, test) in enumerate(CV.split(X, y)):
            (n_train, counts, used), n_test = Recorder.seen[2 * number : 2 * number + 2]
            assert counts[0] == counts[1] and n_train < len(train) and n_test == len(test)
            assert len(used) == n_train and set(used) <= set(weights[train])
