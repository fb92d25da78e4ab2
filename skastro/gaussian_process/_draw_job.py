"""The loop over objects of the posterior draws."""

from dataclasses import dataclass

import numpy as np
from joblib import Parallel, delayed
from threadpoolctl import threadpool_limits

from skastro.gaussian_process._api import _check_reference
from skastro.gaussian_process._likelihood import Likelihood
from skastro.gaussian_process._status import Status
from skastro.gaussian_process._task import Model, prepare
from skastro.utils.random import as_generator


@dataclass
class DrawJob:
    """Checked, scaled objects with hyperparameters in the engine's units and seeds."""

    batch: object
    theta: np.ndarray
    model: Model
    seeds: np.ndarray

    @classmethod
    def check(cls, data, scales, model, reference, n_samples, random_state):
        """Return the job, or raise ValueError for arguments that make no sense."""
        model.check()
        if n_samples < 1:
            raise ValueError(f"n_samples={n_samples!r} is not a positive integer")
        n_objects = len(data[0]) - 1
        seeds = as_generator(random_state).integers(2**63, size=n_objects)
        batch = prepare(*data, _check_reference(reference, n_objects), model)
        given = np.stack([np.broadcast_to(np.asarray(s, float), n_objects) for s in scales], axis=1)
        valid = (np.isfinite(given) & (given > 0)).all(axis=1)
        batch.status[(batch.status == Status.OK) & ~valid] = Status.NO_REFERENCE
        unit = np.column_stack([batch.scale**2, np.ones((n_objects, 2))])
        theta = np.log(np.where(valid[:, None], given, 1.0) ** [1, 2, 2] / unit)
        return cls(batch, theta, model, seeds)

    @property
    def n_objects(self):
        """Number of objects, usable or not."""
        return len(self.theta)

    def run(self, draw, n_jobs, targets=None):
        """Yield (object, values in units of flux); record the objects without an answer."""
        usable = self.batch.usable
        with threadpool_limits(1, "blas"):
            pool = Parallel(n_jobs, prefer="threads", return_as="generator")
            extra = [()] * self.n_objects if targets is None else [(t,) for t in targets]
            answers = pool(delayed(self._one)(draw, i, *extra[i]) for i in usable)
            for i, values in zip(usable, answers):
                if values is None:
                    self.batch.status[i] = Status.SINGULAR
                else:
                    yield i, values * self.batch.scale[i]

    def _one(self, draw, i, *target):
        rows = self.batch.rows(i)
        state = Likelihood(*rows, self.model.kernel, self.model.constant_mean).evaluate(
            self.theta[i]
        )
        if state is None:
            return None
        return draw(rows, state, np.random.default_rng(self.seeds[i]), *target)
