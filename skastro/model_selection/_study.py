"""Studies that are stored, resumed and never mixed."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from os import PathLike
from typing import Any

import optuna
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

_FINGERPRINT = "skastro_fingerprint"
FINISHED = "finished"
_PRUNERS = {
    None: optuna.pruners.NopPruner,
    "median": optuna.pruners.MedianPruner,
    "hyperband": optuna.pruners.HyperbandPruner,
}
_SAMPLERS = {"tpe": TPESampler, "random": RandomSampler}


def as_storage(storage: Any) -> Any:
    """Return a storage for Optuna: a path becomes a journal file.

    Examples
    --------
    >>> from skastro.model_selection._study import as_storage
    >>> as_storage("sqlite:///study.db"), as_storage(None)
    ('sqlite:///study.db', None)
    """
    if isinstance(storage, PathLike) or (isinstance(storage, str) and "://" not in storage):
        return JournalStorage(JournalFileBackend(str(storage)))
    return storage


def open_study(
    storage: Any, study_name: str | None, pruner: Any, prints: Mapping[str, str], name: str
) -> optuna.Study:
    """Create a study, or continue the one of the same search.

    Parameters
    ----------
    storage : storage, URL, path or None
        Where the trials are kept.

    study_name : str or None
        Name of the study in the storage.

    pruner : str, optuna.pruners.BasePruner or None
        Stops unpromising trials.

    prints : dict of str -> str
        Fingerprints of what must be the same in every run.

    name : str
        Estimator named in the error.

    Returns
    -------
    study : optuna.Study

    Raises
    ------
    ValueError
        The study in the storage was made with other data, space, scorer, splits or estimator.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection._study import open_study
    >>> storage = optuna.storages.InMemoryStorage()
    >>> study = open_study(storage, "ccsn", None, {"data": "a"}, "Search")
    >>> open_study(storage, "ccsn", None, {"data": "b"}, "Search")
    Traceback (most recent call last):
    ...
    ValueError: Search: the study 'ccsn' in this storage was made with other data; ...
    """
    with _quietly():
        study = optuna.create_study(
            storage=as_storage(storage),
            study_name=study_name,
            pruner=_PRUNERS[pruner]() if pruner is None or isinstance(pruner, str) else pruner,
            direction="maximize",
            load_if_exists=True,
        )
    known = study.user_attrs.get(_FINGERPRINT)
    if known is None and not study.trials:
        study.set_user_attr(_FINGERPRINT, dict(prints))
    else:
        _check_same(known or {}, prints, study.study_name, name)
    return study


@contextmanager
def _quietly() -> Iterator[None]:
    """Do not log the creation of a study: nested searches would log one per fit."""
    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        yield
    finally:
        optuna.logging.set_verbosity(level)


def _check_same(known: Mapping, prints: Mapping, study_name: str, name: str) -> None:
    other = [part for part in prints if known.get(part) != prints[part]]
    if other:
        raise ValueError(
            f"{name}: the study {study_name!r} in this storage was made with other "
            f"{', '.join(other)}; choose another study_name or storage"
        )


def finished_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials that ended by themselves: complete, pruned or failed.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection._study import finished_trials
    >>> finished_trials(optuna.create_study())
    []
    """
    return [trial for trial in study.get_trials(deepcopy=False) if FINISHED in trial.user_attrs]


def completed_trials(study: optuna.Study) -> list[FrozenTrial]:
    """Return the trials with a score.

    Examples
    --------
    >>> import optuna
    >>> from skastro.model_selection._study import completed_trials
    >>> completed_trials(optuna.create_study())
    []
    """
    return [t for t in finished_trials(study) if t.state == TrialState.COMPLETE]


def make_sampler(sampler: str | BaseSampler, seed: int, index: int) -> BaseSampler:
    """Return the sampler of one trial.

    A sampler that is made for each trial, from a seed and the number of finished trials, suggests
    the same in a resumed search as in an uninterrupted one.

    Examples
    --------
    >>> from skastro.model_selection._study import make_sampler
    >>> type(make_sampler("tpe", 0, 3)).__name__
    'TPESampler'
    """
    return _SAMPLERS[sampler](seed=seed + index) if isinstance(sampler, str) else sampler
