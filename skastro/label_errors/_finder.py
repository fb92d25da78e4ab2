"""Search for wrong labels by cross-validation, as a sampler."""

from dataclasses import asdict
from numbers import Integral, Real
from os import PathLike
from typing import Any, Self

import numpy as np
from imblearn.base import BaseSampler
from numpy.typing import ArrayLike
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context
from sklearn.utils import _safe_indexing, get_tags
from sklearn.utils._param_validation import HasMethods, Interval, StrOptions

from skastro.label_errors import _actions, _quality
from skastro.label_errors._find import CONSENSUS, METHODS, Rule, errors_of
from skastro.label_errors._run import read_input, run_folds


class LabelErrorFinder(MetaEstimatorMixin, BaseSampler):
    """Find wrong labels with classifiers that were not trained on them, and act on them.

    An inner cross-validation gives every object the probabilities of a classifier that was trained
    on other objects.  Inside ``imblearn.pipeline.Pipeline``, before the classifier of a second
    stage, the finder removes, unlabels or relabels the suspects among the training objects; in
    prediction it does nothing.

    Parameters
    ----------
    estimator : classifier
        Any classifier with `predict_proba`, also a Pipeline, for this kind of `X`.  It is trained
        on the labels themselves, never on encoded ones.  Groups are passed to a `fit` that
        accepts them.

    cv : int or splitter, default=5
        Number of folds, shuffled, stratified by label and detector, that keep groups together;
        or a splitter or an iterable that tests every labelled object once.

    n_repeats : int, default=1
        Number of cross-validations, each with other folds.  Probabilities are averaged over them,
        except for ``method="consensus"``, which counts their votes.

    group_column : str, default=None
        Column of `X` whose equal values stay on one side of a split, such as the name of a
        supernova with several spectra.  Groups passed to `fit` take precedence.

    detector_column : str, default=None
        Column of `X` for a separate report and for the stratification, such as the number of a
        CCD.  Detectors passed to `fit` take precedence.

    method : str, default="noise_rate"
        Criterion for a wrong label, see :func:`find_label_errors`.

    threshold : float, default=0.7
        Probability of the other class above which ``"threshold"`` calls a label wrong.

    share : float, default=None
        Fraction of wrong labels, in [0, 1], for the method ``"self_confidence"``, if it is known.

    vote : str, default="noise_rate"
        Method by which each cross-validation votes in a ``"consensus"``.

    agreement : float, default=1.0
        Fraction of the votes, in (0, 1], that makes a ``"consensus"``.

    quality : str, default="self_confidence"
        Score that ranks the labels, see :func:`label_quality_scores`.

    action : {"remove", "unlabel", "relabel", "downweight"}, default="remove"
        What `fit_resample` does with the suspects: remove them; give them the label -1, as in
        ``sklearn.semi_supervised`` (strings become an array of objects); give them the suggested
        label; or, in `fit` only, give them a lower weight, see Notes.

    cache_dir : str or Path, default=None
        Folder that stores the predictions of finished folds, one small file each, so that an
        interrupted run (Ctrl-C included) resumes.  Files are identified by the content of `X`,
        `y` and groups, the parameters of the estimator and the fold, not by the code of the
        estimator: empty the folder when that changes.

    n_jobs : int, default=None
        Number of folds trained at the same time, with joblib.

    random_state : int, RandomState instance or None, default=None
        Source of randomness of the folds; an integer is required with `cache_dir`.

    verbose : bool, default=False
        Whether to show the progress over the folds.

    Attributes
    ----------
    oof_proba_ : ndarray of shape (n_objects, n_classes)
        Out-of-fold probabilities, the mean over the repeats; NaN for unlabelled objects and those
        that the classifier cannot classify.  A class that is absent from the training part of a
        fold has probability 0 there.

    oof_proba_repeats_ : ndarray of shape (n_repeats, n_objects, n_classes)
        Out-of-fold probabilities of each repeat.

    classes_ : ndarray of shape (n_classes,)
        Class of each column, sorted.

    label_errors_ : ndarray of bool of shape (n_objects,)
        The suspects.

    label_quality_ : ndarray of shape (n_objects,)
        From 0, certainly wrong, to 1, certainly right; NaN for objects that are not judged.

    ranking_ : ndarray of shape (n_judged,)
        Rows of the judged objects: first the suspects, then the others, each in ascending order of
        quality.

    suggested_labels_ : ndarray of shape (n_objects,)
        Most probable class; for suspects the most probable class other than the given one; for
        objects that are not judged the given label.

    sample_weight_ : ndarray of shape (n_objects,)
        `label_quality_` for suspects, 1 for all others.

    sample_indices_ : ndarray of shape (n_resampled,)
        Rows of `X` that `fit_resample` returns.

    sampling_strategy_ : dict
        Number of objects of each class that keep their label.

    report_ : DataFrame of shape (n_classes, 5)
        By given class: n_objects (labelled ones), n_judged, n_suspects, suspect_share (fraction of
        the judged objects), mean_quality.

    per_detector_report_ : DataFrame of shape (n_detectors, 5) or None
        The same by detector.

    suggestions_ : DataFrame of shape (n_classes, n_classes)
        Number of suspects by given (rows) and suggested class (columns).

    n_features_in_ : int
        Number of columns of `X`.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of the columns of `X`, if it has any.

    Raises
    ------
    ObjectError
        In `fit`: objects without label, group or detector, rows that are not probabilities, a
        `cv` that splits groups or does not test an object.

    ValueError
        In `fit`: fewer than two classes, a classifier without `predict_proba`, parameters that
        contradict each other.

    Warns
    -----
    ObjectWarning
        Objects that are not judged, because the classifier returns NaN or has not learned their
        class, whose only object or group is held out; classes that lose all their objects.

    See Also
    --------
    find_label_errors : The methods, for existing probabilities.
    skastro.inspection.LabelErrorDisplay : Plot the suspects.

    Notes
    -----
    Unlabelled objects are excluded from the cross-validation and pass unchanged.  They are those
    with the label -1, see :func:`skastro.utils.labels.is_unlabelled`.

    A memory map is passed on unchanged, and no fold of it is copied, if `estimator` is one of the
    networks of :mod:`skastro.neural_network`.  ``action="unlabel"`` returns the memory map itself;
    ``"remove"`` copies the remaining rows.

    A Pipeline passes on X and y only, without weights.  With ``action="downweight"``
    `fit_resample` therefore raises an error; pass the weights yourself::

        finder.fit(X, y)
        classifier.fit(X, y, sample_weight=finder.sample_weight_)

    References
    ----------
    Northcutt, Jiang & Chuang 2021, J. Artif. Intell. Res. 70, 1373; Takahashi et al. 2022, PASJ,
    psac047, section 4, whose selection of reliable labels is ``method="disagreement"``,
    ``action="unlabel"``.

    Examples
    --------
    >>> import numpy as np
    >>> from sklearn.linear_model import LogisticRegression
    >>> from skastro.label_errors import LabelErrorFinder
    >>> rng = np.random.default_rng(0)
    >>> y = np.array(["bogus", "real"] * 30)
    >>> X = rng.normal(size=(60, 2)) + 4 * (y == "real")[:, None]
    >>> y[:2] = y[1], y[0]
    >>> finder = LabelErrorFinder(LogisticRegression(), random_state=0).fit(X, y)
    >>> finder.ranking_[:2].tolist(), finder.suggested_labels_[:2].tolist()
    ([1, 0], ['bogus', 'real'])
    >>> X_clean, y_clean = finder.fit_resample(X, y)
    >>> len(y_clean)
    58
    """

    _sampling_type = "bypass"
    _parameter_constraints = {
        "estimator": [HasMethods(["fit"])],
        "cv": ["cv_object"],
        "n_repeats": [Interval(Integral, 1, None, closed="left")],
        "group_column": [str, None],
        "detector_column": [str, None],
        "method": [StrOptions({*METHODS, CONSENSUS})],
        "threshold": [Interval(Real, 0, 1, closed="left")],
        "share": [Interval(Real, 0, 1, closed="both"), None],
        "vote": [StrOptions(set(METHODS))],
        "agreement": [Interval(Real, 0, 1, closed="right")],
        "quality": [StrOptions(set(_quality.METHODS))],
        "action": [StrOptions({"remove", "unlabel", "relabel", "downweight"})],
        "cache_dir": [str, PathLike, None],
        "n_jobs": [Integral, None],
        "random_state": ["random_state"],
        "verbose": ["verbose"],
    }

    def __init__(
        self,
        estimator: BaseEstimator,
        *,
        cv: Any = 5,
        n_repeats: int = 1,
        group_column: str | None = None,
        detector_column: str | None = None,
        method: str = "noise_rate",
        threshold: float = 0.7,
        share: float | None = None,
        vote: str = "noise_rate",
        agreement: float = 1.0,
        quality: str = "self_confidence",
        action: str = "remove",
        cache_dir: str | PathLike[str] | None = None,
        n_jobs: int | None = None,
        random_state: int | np.random.RandomState | None = None,
        verbose: bool = False,
    ) -> None:
        self.estimator = estimator
        self.cv = cv
        self.n_repeats = n_repeats
        self.group_column = group_column
        self.detector_column = detector_column
        self.method = method
        self.threshold = threshold
        self.share = share
        self.vote = vote
        self.agreement = agreement
        self.quality = quality
        self.action = action
        self.cache_dir = cache_dir
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(
        self,
        X: Any,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        detector: ArrayLike | None = None,
    ) -> Self:
        """Find the suspects; the results are attributes.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels; -1 is unlabelled, see Notes.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group stay on one side of a split.

        detector : array-like of shape (n_objects,), default=None
            Detector of each object, for a separate report.

        Returns
        -------
        self : object
        """
        given = read_input(self, X, y, groups, detector)
        found = run_folds(self, X, given)
        self.classes_, self.oof_proba_ = found.classes, found.mean
        self.oof_proba_repeats_ = found.proba
        scored = found.scored
        repeats = found.repeats if self.method == CONSENSUS else [scored]
        rule = Rule(self.method, self.threshold, self.share, self.vote, self.agreement)
        self.label_errors_ = errors_of(repeats, rule)
        self.label_quality_ = _quality.quality(scored, self.quality)
        self._warn_unjudged(found, given.ids)
        self._suggest(scored, given)
        self._rank(scored)
        self._report(scored, given)
        return self

    @_fit_context(prefer_skip_nested_validation=False)
    def fit_resample(
        self,
        X: Any,
        y: ArrayLike,
        groups: ArrayLike | None = None,
        detector: ArrayLike | None = None,
    ) -> tuple[Any, Any]:
        """Find the suspects and return the objects after the action.

        Parameters
        ----------
        X : NestedFrame, DataFrame, array-like or sparse matrix of shape (n_objects, n_columns)
            Objects.

        y : array-like of shape (n_objects,)
            Labels; -1 is unlabelled, see Notes.

        groups : array-like of shape (n_objects,), default=None
            Objects of one group stay on one side of a split.

        detector : array-like of shape (n_objects,), default=None
            Detector of each object, for a separate report.

        Returns
        -------
        X_resampled : of the type of `X`, shape (n_resampled, n_columns)
            ``X[sample_indices_]``.

        y_resampled : of the type of `y`, shape (n_resampled,)
            Labels after the action.
        """
        _actions.check_action(self.action, y, type(self).__name__)
        self.fit(X, y, groups=groups, detector=detector)
        return self._fit_resample(X, y)

    def _fit_resample(self, X, y):
        if self.action == "remove":
            rows = self.sample_indices_
            return _safe_indexing(X, rows), _safe_indexing(y, rows)
        if self.action == "unlabel":
            return X, _actions.unlabelled(y, self.label_errors_)
        return X, _actions.relabelled(y, self.label_errors_, self.suggested_labels_)

    def _warn_unjudged(self, found, ids):
        name, labelled = type(self).__name__, found.codes >= 0
        without = labelled & np.isnan(found.mean).any(axis=1)
        _actions.warn_unjudged(without, name, ids, "have no probabilities (NaN)")
        unlearned = labelled & ~without & ~found.scored.judged
        reason = "belong to a class that the classifiers of the other folds have not learned"
        _actions.warn_unjudged(unlearned, name, ids, reason)

    def _suggest(self, scored, given):
        judged = scored.judged
        proba = np.where(judged[:, None], scored.proba, 0.0)
        self._suggested = proba.argmax(axis=1)
        errors = self.label_errors_
        self._suggested[errors] = _quality.best_other(scored.codes[errors], proba[errors])[0]
        labels = self.classes_[self._suggested]
        self.suggested_labels_ = np.where(judged, labels, given.labels)

    def _rank(self, scored):
        errors, scores = self.label_errors_, self.label_quality_
        order = np.lexsort((scores, ~errors))
        self.ranking_ = order[scored.judged[order]]
        self.sample_weight_ = np.where(errors, scores, 1.0)
        rows = np.arange(len(errors))
        self.sample_indices_ = rows[~errors] if self.action == "remove" else rows

    def _report(self, scored, given):
        errors, scores, codes = self.label_errors_, self.label_quality_, scored.codes
        known = scored, errors, scores
        keys = np.maximum(codes, 0)
        self.report_ = _actions.count_suspects(keys, self.classes_, *known, "class")
        self.suggestions_ = _actions.count_suggestions(
            codes, self._suggested, errors, self.classes_
        )
        self.per_detector_report_ = None
        if given.detector is not None:
            names, keys = np.unique(given.detector, return_inverse=True)
            self.per_detector_report_ = _actions.count_suspects(keys, names, *known, "detector")
        left = self.report_["n_objects"] - self.report_["n_suspects"]
        self.sampling_strategy_ = dict(zip(self.classes_.tolist(), left.tolist()))
        if self.action in ("remove", "unlabel"):
            _actions.warn_lost_classes(self.report_["n_objects"], left, type(self).__name__)

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        for name, value in asdict(get_tags(self.estimator).input_tags).items():
            setattr(tags.input_tags, name, value)
        tags.sampler_tags.sample_indices = True
        return tags
