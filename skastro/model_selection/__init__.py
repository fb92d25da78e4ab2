"""Model selection: what scikit-learn's tools require around classifiers of light curves."""

from skastro.model_selection._prefit import PrefitClassifier

__all__ = ["PrefitClassifier"]
