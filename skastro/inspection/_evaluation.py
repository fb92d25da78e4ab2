"""Evaluation of class probabilities as one report: numbers, tables, pictures."""

import json
import os
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from sklearn.metrics import (
    ConfusionMatrixDisplay,
    accuracy_score,
    classification_report,
    confusion_matrix,
    f1_score,
    log_loss,
    roc_auc_score,
    roc_curve,
)
from sklearn.preprocessing import label_binarize

from skastro.metrics import expected_calibration_error, reliability_table


class EvaluationReport:
    """Scores, confusion matrix, reliability and ROC curves of class probabilities.

    Parameters
    ----------
    y_true : ndarray of shape (n_objects,)
        Labels.

    y_proba : ndarray of shape (n_objects, n_classes)
        Probabilities; objects with NaN have no prediction and are counted, not scored.

    classes : sequence of length n_classes
        Labels of the columns.

    Attributes
    ----------
    scores_ : dict
        ``n_objects``, ``n_unclassified``, ``accuracy``, ``balanced_accuracy``, ``f1_macro``,
        ``roc_auc_macro`` (each class against the others), ``log_loss`` and
        ``expected_calibration_error``; NaN where a score is not defined.

    undefined_ : dict
        Name of each undefined score -> why it is undefined.

    per_class_ : DataFrame of shape (n_classes, 4)
        Precision, recall, F1 and number of objects of each class.

    confusion_ : DataFrame of shape (n_classes, n_classes)
        Counts; rows are true classes, columns predicted ones.

    figure_ : matplotlib Figure
        After :meth:`plot`.

    Raises
    ------
    ValueError
        A label is not one of `classes`, shapes do not fit, or no object has a prediction.

    See Also
    --------
    skastro.metrics.reliability_table : The data of the reliability curve.

    Examples
    --------
    >>> import numpy as np
    >>> from skastro.inspection import EvaluationReport
    >>> proba = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [np.nan, np.nan]])
    >>> report = EvaluationReport(["II", "Ia", "Ia", "Ia"], proba, ["II", "Ia"])
    >>> report.scores_["n_unclassified"], round(report.scores_["balanced_accuracy"], 2)
    (1, 0.75)
    """

    def __init__(self, y_true: ArrayLike, y_proba: ArrayLike, classes: ArrayLike):
        self.y_true, self.classes = np.asarray(y_true), np.asarray(classes)
        self.y_proba = np.asarray(y_proba, float)
        self._check()
        self._has_prediction = ~np.isnan(self.y_proba).any(axis=1)
        if not self._has_prediction.any():
            raise ValueError("EvaluationReport: no object has a prediction")
        true, pred = self._scored()
        self.scores_ = self._scores(true, pred)
        self.undefined_ = _undefined(true)
        report = classification_report(
            true, pred, labels=self.classes, output_dict=True, zero_division=0
        )
        rows = {name: report[str(name)] for name in self.classes}
        self.per_class_ = pd.DataFrame(rows).T.rename(columns={"support": "n_objects"})
        counts = confusion_matrix(true, pred, labels=self.classes)
        self.confusion_ = pd.DataFrame(counts, self.classes, self.classes)

    @classmethod
    def from_estimator(cls, estimator: Any, X: Any, y: ArrayLike) -> "EvaluationReport":
        """Evaluate a fitted classifier on objects with labels.

        Parameters
        ----------
        estimator : classifier
            Fitted, with `predict_proba`.

        X : NestedFrame or array of shape (n_objects, n_features)
            Objects that were not used in training.

        y : array-like of shape (n_objects,)
            Labels; synonyms of a classifier's taxonomy count as the names of their nodes.

        Returns
        -------
        report : EvaluationReport
        """
        tree = getattr(getattr(estimator, "steps", [("", estimator)])[-1][1], "taxonomy_", None)
        known = y if tree is None else tree.relabel(y)
        return cls(known, estimator.predict_proba(X), estimator.classes_)

    def plot(self) -> "EvaluationReport":
        """Draw confusion matrix, reliability curve and ROC curves side by side.

        Returns
        -------
        self : EvaluationReport
        """
        import matplotlib.pyplot as plt

        size = max(4.5, 0.5 * len(self.classes))
        self.figure_, axes = plt.subplots(
            1, 3, figsize=(size + 9, size), layout="constrained", width_ratios=[size, 4.5, 4.5]
        )
        self._plot_confusion(axes[0])
        self._plot_reliability(axes[1])
        self._plot_roc(axes[2])
        return self

    def to_folder(self, path: str | os.PathLike) -> Path:
        """Write ``scores.json``, ``per_class.csv``, ``confusion.csv`` and ``evaluation.png``.

        Parameters
        ----------
        path : path-like
            Folder; it is created if it does not exist.

        Returns
        -------
        path : pathlib.Path
        """
        import matplotlib.pyplot as plt

        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        scores: dict[str, Any] = {k: v if np.isfinite(v) else None for k, v in self.scores_.items()}
        if self.undefined_:
            scores["undefined"] = self.undefined_
        (folder / "scores.json").write_text(json.dumps(scores, indent=2) + "\n")
        self.per_class_.to_csv(folder / "per_class.csv", index_label="class")
        self.confusion_.to_csv(folder / "confusion.csv", index_label="true class")
        self.plot().figure_.savefig(folder / "evaluation.png", dpi=120)
        plt.close(self.figure_)
        return folder

    def _check(self):
        shape = (len(self.y_true), len(self.classes))
        if self.y_proba.shape != shape:
            raise ValueError(
                f"EvaluationReport: y_proba has the shape {self.y_proba.shape}, expected {shape}"
            )
        unknown = sorted(set(self.y_true.tolist()) - set(self.classes.tolist()), key=str)
        if unknown:
            raise ValueError(
                f"EvaluationReport: labels {unknown} are not classes of the model, which are "
                f"{self.classes.tolist()}"
            )

    def _scored(self):
        kept = self._has_prediction
        return self.y_true[kept], self.classes[self.y_proba[kept].argmax(axis=1)]

    def _scores(self, true, pred):
        proba = self.y_proba[self._has_prediction]
        proba = proba / proba.sum(axis=1, keepdims=True)
        present = np.unique(true)
        several = len(present) > 1
        order = np.argsort(self.classes)
        return {
            "n_objects": len(self.y_true),
            "n_unclassified": int((~self._has_prediction).sum()),
            "accuracy": float(accuracy_score(true, pred)),
            "balanced_accuracy": float(np.mean([(pred == c)[true == c].mean() for c in present])),
            "f1_macro": float(f1_score(true, pred, labels=present, average="macro")),
            "roc_auc_macro": self._mean_auc(true, proba) if several else float("nan"),
            "log_loss": float(log_loss(true, proba[:, order], labels=self.classes[order])),
            "expected_calibration_error": float(
                expected_calibration_error(true, proba, labels=self.classes)
            ),
        }

    def _mean_auc(self, true, proba):
        found = [c for c in np.unique(true).tolist() if (true != c).any()]
        column = {c: i for i, c in enumerate(self.classes.tolist())}
        areas = [roc_auc_score(true == c, proba[:, column[c]]) for c in found]
        return float(np.mean(areas))

    def _plot_confusion(self, ax):
        counts = self.confusion_.to_numpy(float)
        shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
        display = ConfusionMatrixDisplay(shares, display_labels=self.classes)
        rotation = "vertical" if len(self.classes) > 4 else "horizontal"
        options = {"values_format": ".2f", "colorbar": False, "xticks_rotation": rotation}
        display.plot(ax=ax, cmap="Blues", **options)
        scores = self.scores_
        ax.set(
            xlabel="predicted class",
            ylabel="true class",
            title=f"accuracy {scores['accuracy']:.3f}, macro F1 {scores['f1_macro']:.3f}",
        )

    def _plot_reliability(self, ax):
        kept = self._has_prediction
        table = reliability_table(self.y_true[kept], self.y_proba[kept], labels=self.classes)
        ax.plot([0, 1], [0, 1], color="0.6", lw=1, ls="--", label="perfect calibration")
        ax.plot(table["confidence"], table["accuracy"], "o-", color="C0", label="model")
        error = self.scores_["expected_calibration_error"]
        ax.set(
            xlabel="probability of the predicted class",
            ylabel="fraction of correct predictions",
            title=f"expected calibration error {error:.3f}",
            xlim=(0, 1),
            ylim=(0, 1),
            aspect="equal",
        )
        ax.legend(loc="upper left", frameon=False)

    def _plot_roc(self, ax):
        kept = self._has_prediction
        truth = label_binarize(self.y_true[kept], classes=self.classes)
        truth = np.hstack([1 - truth, truth]) if truth.shape[1] == 1 else truth
        for number, name in enumerate(self.classes):
            if 0 < truth[:, number].sum() < kept.sum():
                false, right, _ = roc_curve(truth[:, number], self.y_proba[kept, number])
                ax.plot(false, right, lw=1.2, label=str(name))
        area = self.scores_["roc_auc_macro"]
        ax.set(
            xlabel="false positive rate",
            ylabel="true positive rate",
            title=f"mean area under the ROC curve {area:.3f}",
            aspect="equal",
        )
        if "roc_auc_macro" in self.undefined_:
            ax.set(title="no ROC curve: all objects are of one class")
        else:
            many = len(self.classes) > 8
            ax.legend(loc="lower right", frameon=False, fontsize=7, ncols=1 + many)


def _undefined(true):
    """Return the scores that these labels leave undefined, with the reason."""
    present = np.unique(true)
    if len(present) > 1:
        return {}
    reason = f"all scored objects are {str(present[0])!r}; a ROC curve compares two classes"
    return {"roc_auc_macro": reason}
