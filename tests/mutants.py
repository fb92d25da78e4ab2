"""Estimators of ragged X, healthy and each broken in one way: the check suite is tested on them."""

import copy

import numpy as np
import pandas as pd
from healthy import Classifier, Dense, Nested
from sklearn.preprocessing import StandardScaler

from skastro.utils.ragged import flatten, is_sorted, keep_rows, row_numbers, segment_reduce


class FitReturnsNone(Dense):
    def fit(self, X, y=None):
        super().fit(X, y)


class FitChangesParameter(Dense):
    def fit(self, X, y=None):
        self.scale = float(self.scale)
        self.scale += 1
        return super().fit(X, y)


class FitsItsParameter(Dense):
    def __init__(self, scaler=None, column="lightcurve"):
        super().__init__(column=column)
        self.scaler = scaler

    def fit(self, X, y=None):
        self.scaler.fit(X[["redshift"]])
        return super().fit(X, y)


class PublicAttribute(Dense):
    def fit(self, X, y=None):
        self.seen = len(X)
        return super().fit(X, y)


class AttributeInTransform(Dense):
    def _features(self, offsets, rows, X):
        self.last_ = len(X)
        return super()._features(offsets, rows, X)


class Drifting(Dense):
    def _features(self, offsets, rows, X):
        self.mean_ = self.mean_ + 1
        return super()._features(offsets, rows, X)


class WrongNumberOfFeatures(Dense):
    def fit(self, X, y=None):
        super().fit(X, y)
        self.n_features_in_ = 2
        return self


class NeverUnfitted(Nested):
    def __sklearn_is_fitted__(self):
        return True


class WritesIntoInput(Dense):
    def _features(self, offsets, rows, X):
        X["mwebv"] = X["mwebv"] * 2
        return super()._features(offsets, rows, X)


class ForgetsWhenPickled(Dense):
    def __getstate__(self):
        return {**super().__getstate__(), "mean_": 0.0}


class Accumulates(Dense):
    def _learn(self, offsets, rows, X):
        before = getattr(self, "mean_", 0)
        super()._learn(offsets, rows, X)
        self.mean_ = self.mean_ + before


class CloneStaysFitted(Dense):
    def __sklearn_clone__(self):
        return copy.deepcopy(self)


class CentresOnBatch(Dense):
    def _features(self, offsets, rows, X):
        features = super()._features(offsets, rows, X)
        return features - np.nanmean(features, axis=0)


class CentresNestedOnBatch(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {**rows, "flux": rows["flux"] - rows["flux"].mean()}


class KnowsPosition(Dense):
    def _features(self, offsets, rows, X):
        return super()._features(offsets, rows, X) + np.arange(len(X))[:, None]


class SortsObjects(Nested):
    def transform(self, X):
        return super().transform(X).sort_values("peak_time").set_axis(X.index)


class IgnoresSlice(Dense):
    def _features(self, offsets, rows, X):
        lists = X[self.column].array.list_array.chunk(0)
        flux = lists.values.field("flux").to_numpy()[: offsets[-1]]
        return super()._features(offsets, {**rows, "flux": flux}, X)


class ReadsFirstChunk(Nested):
    def _transform_rows(self, offsets, rows, X):
        first = X[self.column].array.list_array.chunk(0)
        return offsets, {**rows, "flux": first.flatten().field("flux").to_numpy()}


class JoinsByIndex(Dense):
    def _features(self, offsets, rows, X):
        features = pd.DataFrame(super()._features(offsets, rows, X), X.index)
        return features.groupby(level=0).transform("sum").to_numpy()


class LosesIndex(Nested):
    def transform(self, X):
        return super().transform(X).reset_index(drop=True)


class MisreadsEmpty(Dense):
    def _features(self, offsets, rows, X):
        first = np.minimum(offsets[:-1], max(offsets[-1] - 1, 0))
        return np.add.reduceat(rows["flux"], first)[:, None]


class DropsEmpty(Nested):
    def transform(self, X):
        return super().transform(X[np.diff(flatten(X[self.column])[0]) > 0])


class DropsOneDimension(Dense):
    def _features(self, offsets, rows, X):
        return super()._features(offsets, rows, X).squeeze()


class NeedsTwoObjects(Dense):
    def _learn(self, offsets, rows, X):
        super()._learn(offsets, rows, X)
        if len(X) < 2:
            raise ValueError("NeedsTwoObjects needs 2 objects")


class TakesFirstRow(Dense):
    def _features(self, offsets, rows, X):
        starts = segment_reduce(offsets, np.arange(offsets[-1]), np.minimum, empty=0)
        return rows["flux"][starts.astype(int)][:, None]


class CutsUnsorted(Nested):
    def _transform_rows(self, offsets, rows, X):
        return keep_rows(offsets, rows, row_numbers(offsets) < 5)


class RefusesUnsortedAnonymously(Nested):
    def _transform_rows(self, offsets, rows, X):
        if not is_sorted(offsets, rows["time"]):
            raise ValueError("not sorted")
        return super()._transform_rows(offsets, rows, X)


class TrustsCodes(Dense):
    def _raw(self, offsets, rows, X):
        return segment_reduce(offsets, rows["band"].codes.astype(float), np.add)[:, None]


class Narrows(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {**rows, "flux": rows["flux"].astype(np.float32)}


class Widens(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {**rows, "flux": rows["flux"].astype(np.float64)}


class WantsNestedFrame(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {**rows, "flux": rows["flux"] * len(X.nested_columns)}


class SpreadsNaN(Dense):
    def _features(self, offsets, rows, X):
        return super()._features(offsets, rows, X) + 0 * rows["flux"].sum()


class RefusesNaNAnonymously(Dense):
    def _features(self, offsets, rows, X):
        if np.isnan(rows["flux"]).any():
            raise ValueError("RefusesNaNAnonymously: flux is NaN")
        return super()._features(offsets, rows, X)


class ChecksNothing(Dense):
    def _check_frame(self, X, reset):
        self.n_features_in_, self.feature_names_in_ = X.shape[1], X.columns


class AssumesColumn(Dense):
    def _raw(self, offsets, rows, X):
        X = X if "redshift" in X else X.assign(redshift=0.0)
        return super()._raw(offsets, rows, X)

    def _required_columns(self):
        return ()


class AsksForColumnAnonymously(Dense):
    def _required_columns(self):
        return ()


class AsksForFieldAnonymously(Dense):
    def _required_fields(self):
        return ()


class ReadsEveryColumn(Dense):
    def _raw(self, offsets, rows, X):
        numbers = X.select_dtypes("number").to_numpy().sum(axis=1)
        return super()._raw(offsets, rows, X) + numbers[:, None]


class LosesColumns(Nested):
    def transform(self, X):
        return super().transform(X)[["mwebv", "lightcurve"]]


class LosesFields(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {name: rows[name] for name in ("time", "band", "flux", "flux_err")}


class MovesOneField(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {**rows, "band": rows["band"][::-1]}


class MovesBetweenObjects(Nested):
    def _transform_rows(self, offsets, rows, X):
        return offsets, {name: np.roll(values, 1) for name, values in rows.items()}


class ReadsByPosition(Dense):
    def _raw(self, offsets, rows, X):
        first = pd.to_numeric(X.drop(columns=self.column).iloc[:, 0], errors="coerce")
        return super()._raw(offsets, rows, X.assign(redshift=first))


class RequiresTheColumnsOfFit(Dense):
    def _check_frame(self, X, reset):
        super()._check_frame(X, reset)
        if list(X.columns) != list(self.feature_names_in_):
            raise ValueError("RequiresTheColumnsOfFit: other columns than in fit")


class ChecksNoParameter(Dense):
    def _validate_params(self):
        pass

    _parameter_constraints = {**Dense._parameter_constraints, "scale": [float]}

    def _features(self, offsets, rows, X):
        return super()._raw(offsets, rows, X)


class CutsToIntegers(Nested):
    def _transform_rows(self, offsets, rows, X):
        dtype = flatten(X[self.column])[1]["flux"].dtype
        offsets, rows = super()._transform_rows(offsets, rows, X)
        return offsets, {**rows, "flux": rows["flux"].astype(dtype)}


class IgnoresMarks(Dense):
    def transform(self, X):
        return super().transform(X.drop(columns="quality", errors="ignore"))


class ForgetsReasons(Nested):
    def __init__(self, quality_column="quality", column="lightcurve"):
        super().__init__(column=column)
        self.quality_column = quality_column

    def transform(self, X):
        return super().transform(X).assign(quality="")


class NeedsLabels(Dense):
    def fit(self, X, y=None):
        super().fit(X)
        self.mean_ = self.mean_ + len(set(y))
        return self


class AcceptsShortLabels(Classifier):
    def fit(self, X, y):
        y = np.asarray(y if y is not None else np.zeros(len(X)))
        return super().fit(X.iloc[: len(y)], y)


class WrongNames(Dense):
    def _feature_names(self):
        return ["mean_flux"]


class RepeatedNames(Dense):
    def _feature_names(self):
        return ["mean_flux", "mean_flux"]


class NewColumnUnannounced(Nested):
    def transform(self, X):
        return super().transform(X).assign(new=1.0)


class NoSetOutput(Dense, auto_wrap_output_keys=None):
    pass


class OtherFitTransform(Dense):
    def fit_transform(self, X, y=None):
        return self.fit(X).transform(X) + 1


class CannotTravel(Dense):
    def __reduce__(self):
        raise TypeError("stays here")


class Unseeded(Dense):
    def _features(self, offsets, rows, X):
        return np.random.default_rng().normal(size=(len(X), 2))


class ClassesAsTheyCome(Classifier):
    def fit(self, X, y):
        super().fit(X, y)
        self.classes_ = self.classes_[::-1]
        return self


class ProbabilitiesDoNotSumToOne(Classifier):
    def predict_proba(self, X):
        return 0.9 * super().predict_proba(X)


class PredictsTheLeastProbable(Classifier):
    def predict(self, X):
        return self.classes_[self.predict_proba(X).argmin(1)]


class LabelsBecomeText(Classifier):
    def predict(self, X):
        return super().predict(X).astype(str)


class OneColumnForTwoClasses(Classifier):
    def predict_proba(self, X):
        proba = super().predict_proba(X)
        return proba if proba.shape[1] > 2 else proba[:, 1:]

    def predict(self, X):
        return self.classes_[super().predict_proba(X).argmax(1)]


MUTANTS = {
    "check_fit_returns_self": [FitReturnsNone()],
    "check_parameters_unchanged": [FitChangesParameter(), FitsItsParameter(StandardScaler())],
    "check_attributes": [PublicAttribute(), AttributeInTransform()],
    "check_outputs_leave_no_state": [Drifting()],
    "check_n_features_and_names": [WrongNumberOfFeatures()],
    "check_parameter_validation": [ChecksNoParameter()],
    "check_unfitted": [NeverUnfitted()],
    "check_input_unchanged": [WritesIntoInput()],
    "check_pickle": [ForgetsWhenPickled()],
    "check_fit_idempotent": [Accumulates()],
    "check_clone_and_set_params": [CloneStaysFitted()],
    "check_subset_invariance": [CentresOnBatch(), CentresNestedOnBatch(), SortsObjects()],
    "check_order_invariance": [KnowsPosition(), SortsObjects()],
    "check_slice_invariance": [IgnoresSlice(), CentresNestedOnBatch()],
    "check_concat_invariance": [ReadsFirstChunk()],
    "check_repeated_objects": [JoinsByIndex()],
    "check_index_kept": [LosesIndex(), JoinsByIndex()],
    "check_empty_light_curves": [MisreadsEmpty(), DropsEmpty()],
    "check_one_object": [DropsOneDimension(), NeedsTwoObjects()],
    "check_row_order": [TakesFirstRow(), CutsUnsorted(), RefusesUnsortedAnonymously()],
    "check_text_encoding": [TrustsCodes()],
    "check_float_width": [Narrows(), Widens()],
    "check_whole_numbers": [CutsToIntegers()],
    "check_quality_marks": [IgnoresMarks(), ForgetsReasons()],
    "check_plain_data_frame": [WantsNestedFrame()],
    "check_bad_observation_stays_with_its_object": [SpreadsNaN(), RefusesNaNAnonymously()],
    "check_zero_objects": [ChecksNothing()],
    "check_missing_nested_column": [ChecksNothing()],
    "check_not_nested_column": [ChecksNothing()],
    "check_not_a_frame": [ChecksNothing()],
    "check_missing_static_column": [AssumesColumn(), AsksForColumnAnonymously()],
    "check_missing_field": [AsksForFieldAnonymously()],
    "check_extra_columns": [ReadsEveryColumn(), LosesColumns(), LosesFields()],
    "check_rows_move_together": [MovesOneField(), MovesBetweenObjects()],
    "check_columns_by_name": [ReadsByPosition(), RequiresTheColumnsOfFit()],
    "check_repeated_column": [ChecksNothing()],
    "check_y": [NeedsLabels(), AcceptsShortLabels()],
    "check_feature_names_out": [WrongNames(), RepeatedNames(), NewColumnUnannounced()],
    "check_set_output": [NoSetOutput()],
    "check_polars_output": [NoSetOutput()],
    "check_fit_transform": [OtherFitTransform()],
    "check_grid_search": [CannotTravel()],
    "check_cross_validation": [Unseeded()],
    "check_classes": [ClassesAsTheyCome()],
    "check_probabilities": [ProbabilitiesDoNotSumToOne(), PredictsTheLeastProbable()],
    "check_label_types": [LabelsBecomeText()],
    "check_two_classes": [OneColumnForTwoClasses()],
}
HEALTHY = [Nested(), Dense(), Classifier()]
