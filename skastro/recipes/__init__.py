"""Whole systems built from the shared parts, one short module per system.

Every system has ``make_<system>_features``, ``make_<system>_classifier`` and ``make_<system>``, a
Pipeline of both, and a table ``<SYSTEM>_PAPER`` of its published settings as parameters of
``make_<system>``.
"""

from skastro.recipes._ccsnscore_features import ccsnscore_shapes, make_ccsnscore_features
from skastro.recipes._light_curves import STATIC_COLUMNS
from skastro.recipes._pooling import pool_spectra
from skastro.recipes._predictions import ccsnscore_table, predict_proba_at, prediction_table
from skastro.recipes._scone_epochs import evaluate_scone_epochs
from skastro.recipes.ccsnscore import (
    CCSNSCORE_PAPER,
    make_ccsnscore,
    make_ccsnscore_classifier,
)
from skastro.recipes.oracle import (
    ORACLE_PAPER,
    make_oracle,
    make_oracle_classifier,
    make_oracle_features,
)
from skastro.recipes.realbogus import (
    REALBOGUS_PAPER,
    make_realbogus,
    make_realbogus_classifier,
    make_realbogus_features,
)
from skastro.recipes.scone import (
    SCONE_PAPER,
    SMALL_SAMPLE,
    make_scone,
    make_scone_classifier,
    make_scone_features,
)
from skastro.recipes.transformer import (
    TRANSFORMER_PAPER,
    TRANSFORMER_SIZES,
    make_transformer,
    make_transformer_autoencoder,
    make_transformer_classifier,
    make_transformer_features,
    make_transformer_forest,
    suggest_transformer,
)
from skastro.recipes.unknown import make_anomaly_detector, make_gate

__all__ = [
    "CCSNSCORE_PAPER",
    "ORACLE_PAPER",
    "REALBOGUS_PAPER",
    "SCONE_PAPER",
    "SMALL_SAMPLE",
    "STATIC_COLUMNS",
    "TRANSFORMER_PAPER",
    "TRANSFORMER_SIZES",
    "ccsnscore_shapes",
    "ccsnscore_table",
    "evaluate_scone_epochs",
    "make_anomaly_detector",
    "make_ccsnscore",
    "make_ccsnscore_classifier",
    "make_ccsnscore_features",
    "make_gate",
    "make_oracle",
    "make_oracle_classifier",
    "make_oracle_features",
    "make_realbogus",
    "make_realbogus_classifier",
    "make_realbogus_features",
    "make_scone",
    "make_scone_classifier",
    "make_scone_features",
    "make_transformer",
    "make_transformer_autoencoder",
    "make_transformer_classifier",
    "make_transformer_features",
    "make_transformer_forest",
    "pool_spectra",
    "predict_proba_at",
    "prediction_table",
    "suggest_transformer",
]
