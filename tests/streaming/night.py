"""A night of small ZTF packets, and a model that costs nothing."""

import numpy as np
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

from skastro.datasets import make_light_curves
from skastro.feature_extraction import LightCurveStatistics


def measurement(time, rng, magnitude=None):
    """A detection, or an upper limit without a magnitude."""
    return {
        "jd": 2460000.5 + time,
        "fid": int(rng.integers(1, 3)),
        "magpsf": magnitude,
        "sigmapsf": None if magnitude is None else 0.1,
        "isdiffpos": None if magnitude is None else "t",
        "diffmaglim": 20.5,
        "ra": 10.0,
        "dec": -5.0,
    }


def make_night(n_alerts, n_objects, seed=0, n_history=4):
    """Alerts in order of time; each holds the last few measurements of its object."""
    rng = np.random.default_rng(seed)
    histories = {f"ZTF{i:05d}": [] for i in range(n_objects)}
    packets = []
    for number in range(n_alerts):
        name = f"ZTF{rng.integers(n_objects):05d}"
        seen = histories[name]
        if rng.random() < 0.5:
            seen.append(measurement(number / 100 - 0.5, rng))
        new = measurement(number / 100, rng, 18 + 2 * rng.random())
        earlier = seen[-n_history:]
        packets.append(
            {
                "candid": number,
                "objectId": name,
                "candidate": new,
                "prv_candidates": earlier if earlier else None,
            }
        )
        seen.append(new)
    return packets


def make_model():
    """Statistics and naive Bayes: predictions do not depend on the batch."""
    X, y = make_light_curves(60, survey="ZTF", classes=["SNIa", "RRL"], random_state=0)
    features = LightCurveStatistics(bands=["g", "r"])
    return make_pipeline(features, FunctionTransformer(np.nan_to_num), GaussianNB()).fit(X, y)
