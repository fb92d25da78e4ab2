"""Healthy estimators of ragged X; `mutants` breaks each of them in one way."""

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.preprocessing import StandardScaler
from sklearn.utils.validation import check_is_fitted

from skastro.base import LightCurveFeatures, LightCurveTransformer, RaggedInputMixin
from skastro.surveys import get_survey
from skastro.utils.ragged import flatten, keep_rows, segment_reduce


class Nested(LightCurveTransformer):
    """Healthy: keeps bright rows and scales their flux by a static column."""

    def _required_columns(self):
        return ("mwebv",)

    def _required_fields(self):
        return ("flux", "flux_err")

    def _transform_rows(self, offsets, rows, X):
        factor = np.repeat(X["mwebv"].to_numpy(), np.diff(offsets)).astype(rows["flux"].dtype)
        rows = {**rows, "flux": rows["flux"] * factor}
        return keep_rows(offsets, rows, rows["flux"] > -rows["flux_err"])


class Dense(LightCurveFeatures):
    """Healthy: mean flux and mean redshifted wavelength, centred on the training objects."""

    def __init__(self, scale=2.0, quality_column="quality", column="lightcurve"):
        super().__init__(quality_column=quality_column, column=column)
        self.scale = scale

    def _required_columns(self):
        return ("redshift",)

    def _required_fields(self):
        return ("time", "band", "flux")

    def _learn(self, X):
        self.mean_ = np.nanmean(self._raw(*flatten(X[self.column]), X), axis=0)

    def _features(self, offsets, rows, X):
        return (self._raw(offsets, rows, X) - self.mean_) / self.scale

    def _raw(self, offsets, rows, X):
        lengths = np.where(np.diff(offsets), np.diff(offsets), np.nan)
        flux = np.asarray(rows["flux"], float)
        color = get_survey("LSST").band_wavelengths(rows["band"])
        means = [segment_reduce(offsets, values, np.add) / lengths for values in (flux, color)]
        return np.column_stack([means[0], means[1] / (1 + X["redshift"])])

    def _feature_names(self):
        return ["mean_flux", "mean_wavelength"]


class Classifier(RaggedInputMixin, ClassifierMixin, BaseEstimator):
    """Healthy: probabilities from the distance to the mean features of each class."""

    def __init__(self, column="lightcurve"):
        self.column = column

    def _required_columns(self):
        return ("redshift",)

    def _required_fields(self):
        return ("time", "band", "flux")

    def fit(self, X, y):
        self._check_frame(X, reset=True)
        if y is None or len(y) != len(X) or pd.isna(np.asarray(y)).any():
            raise ValueError("Classifier needs one label per object")
        self.classes_, codes = np.unique(np.asarray(y), return_inverse=True)
        self.dense_ = Dense(column=self.column).fit(X)
        self.scaler_ = StandardScaler().fit(self.dense_.transform(X))
        features = self._features(X)
        self.means_ = np.array([features[codes == i].mean(0) for i in range(len(self.classes_))])
        return self

    def _features(self, X):
        return np.nan_to_num(self.scaler_.transform(self.dense_.transform(X)))

    def predict_proba(self, X):
        check_is_fitted(self)
        self._check_frame(X, reset=False)
        distance = self._features(X)[:, None] - self.means_
        proba = np.exp(-0.5 * (distance**2).sum(-1)) + 1e-9
        return proba / proba.sum(1, keepdims=True)

    def predict(self, X):
        proba = self.predict_proba(X)
        return self.classes_[proba.argmax(1)]
