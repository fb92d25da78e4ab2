"""Classifiers built from classifiers: one per parent node of a taxonomy, label or detector."""

from skastro.hierarchy._detectors import DetectorClassifier
from skastro.hierarchy._hierarchical import HierarchicalClassifier
from skastro.hierarchy._joint import JointClassifier
from skastro.hierarchy._parallel import ParallelBinaryClassifier
from skastro.hierarchy._voting import SoftVotingClassifier

__all__ = [
    "DetectorClassifier",
    "HierarchicalClassifier",
    "JointClassifier",
    "ParallelBinaryClassifier",
    "SoftVotingClassifier",
]
