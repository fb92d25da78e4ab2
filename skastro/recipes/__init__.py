"""Whole systems made of the shared parts, one short module a system."""

from skastro.recipes._predictions import prediction_table
from skastro.recipes.ccsnscore import (
    CCSNSCORE_PAPER,
    ccsnscore_shapes,
    ccsnscore_table,
    make_ccsnscore,
    make_ccsnscore_classifier,
    make_ccsnscore_features,
)
from skastro.recipes.oracle import (
    ORACLE_PAPER,
    make_oracle,
    make_oracle_classifier,
    make_oracle_features,
    predict_proba_at,
)
from skastro.recipes.realbogus import (
    TOMOE_PAPER,
    DetectorClassifier,
    make_real_bogus,
    make_two_stage_real_bogus,
)
from skastro.recipes.scone import (
    PAPER_CUTS,
    SMALL_SAMPLE,
    evaluate_scone_epochs,
    make_scone,
    make_scone_classifier,
    make_scone_features,
)
from skastro.recipes.transformer import (
    SEED_SIZES,
    make_transformer_autoencoder,
    make_transformer_classifier,
    make_transformer_forest,
    suggest_transformer,
)

__all__ = [
    "CCSNSCORE_PAPER",
    "DetectorClassifier",
    "ORACLE_PAPER",
    "PAPER_CUTS",
    "SEED_SIZES",
    "SMALL_SAMPLE",
    "TOMOE_PAPER",
    "ccsnscore_shapes",
    "ccsnscore_table",
    "evaluate_scone_epochs",
    "make_ccsnscore",
    "make_ccsnscore_classifier",
    "make_ccsnscore_features",
    "make_oracle",
    "make_oracle_classifier",
    "make_oracle_features",
    "make_real_bogus",
    "make_scone",
    "make_scone_classifier",
    "make_scone_features",
    "make_transformer_autoencoder",
    "make_transformer_classifier",
    "make_transformer_forest",
    "make_two_stage_real_bogus",
    "predict_proba_at",
    "prediction_table",
    "suggest_transformer",
]
