"""Portable models: fitted estimators in files that execute nothing and outlive versions."""

from skastro.persistence._card import model_card
from skastro.persistence._export import export_network
from skastro.persistence._model import inspect_model, load_model, save_model
from skastro.persistence._pretrained import PretrainedModel, load_pretrained, save_pretrained
from skastro.persistence._registry import register

__all__ = [
    "PretrainedModel",
    "export_network",
    "inspect_model",
    "load_model",
    "load_pretrained",
    "model_card",
    "register",
    "save_model",
    "save_pretrained",
]
