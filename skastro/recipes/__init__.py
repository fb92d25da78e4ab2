"""Whole systems made of the shared parts, one short module a system."""

from skastro.recipes._predictions import prediction_table
from skastro.recipes.scone import (
    PAPER_CUTS,
    SMALL_SAMPLE,
    evaluate_scone_epochs,
    make_scone,
    make_scone_classifier,
    make_scone_features,
)

__all__ = [
    "PAPER_CUTS",
    "SMALL_SAMPLE",
    "evaluate_scone_epochs",
    "make_scone",
    "make_scone_classifier",
    "make_scone_features",
    "prediction_table",
]
