"""Processes that share a study."""

import tempfile
from pathlib import Path
from typing import Any

import joblib
import optuna
from sklearn.utils.parallel import Parallel, delayed

from skastro.model_selection._study import as_storage, finished_trials
from skastro.model_selection._trials import TrialRunner


def run_processes(
    runner: TrialRunner,
    study: optuna.Study,
    storage: Any,
    n_trials: int | None,
    deadline: float,
    n_jobs: int,
) -> optuna.Study:
    """Run the missing trials of a study in several processes, and return the study.

    Examples
    --------
    >>> from skastro.model_selection._processes import run_processes
    >>> run_processes.__name__
    'run_processes'
    """
    missing = (n_trials or 10**6) - len(finished_trials(study))
    n_workers = joblib.effective_n_jobs(n_jobs)
    shares = [missing // n_workers + (i < missing % n_workers) for i in range(n_workers)]
    with tempfile.TemporaryDirectory() as folder:
        # Processes cannot share a study in memory.
        shared = Path(folder) / "study.log" if storage is None else storage
        if storage is None:
            optuna.copy_study(
                from_study_name=study.study_name,
                from_storage=study._storage,
                to_storage=as_storage(shared),
            )
        Parallel(n_jobs=n_workers)(
            delayed(run_in_process)(runner, shared, study, share, deadline, i)
            for i, share in enumerate(shares)
            if share > 0
        )
        return in_memory(shared, study) if storage is None else study


def run_in_process(
    runner: TrialRunner, storage: Any, study: optuna.Study, n: int, deadline: float, worker: int
) -> None:
    """Run `n` trials of a study that other processes share.

    Parameters
    ----------
    runner : TrialRunner
        Runs the trials.

    storage : str or Path
        Where the study is kept.

    study : optuna.Study
        The study.

    n : int
        Number of trials.

    deadline : float
        Time after which no trial is started [s since the epoch].

    worker : int
        Number of the process.

    Examples
    --------
    >>> from skastro.model_selection._processes import run_in_process
    >>> run_in_process.__name__
    'run_in_process'
    """
    own = optuna.load_study(
        study_name=study.study_name, storage=as_storage(storage), pruner=study.pruner
    )
    runner.run_more(own, n, deadline, worker)


def in_memory(storage: Any, study: optuna.Study) -> optuna.Study:
    """Return a study of a file as one in memory.

    Examples
    --------
    >>> import tempfile
    >>> from skastro.model_selection._processes import in_memory
    >>> from skastro.model_selection._study import open_study
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = f"{folder}/study.log"
    ...     in_memory(path, open_study(path, "ccsn", None, {}, "Search")).study_name
    'ccsn'
    """
    to_storage = optuna.storages.InMemoryStorage()
    optuna.copy_study(
        from_study_name=study.study_name, from_storage=as_storage(storage), to_storage=to_storage
    )
    return optuna.load_study(study_name=study.study_name, storage=to_storage, pruner=study.pruner)
