"""Models that last: fitted estimators in files that execute nothing and outlive versions."""

from skastro.persistence._card import model_card
from skastro.persistence._model import inspect_model, load_model, save_model
from skastro.persistence._registry import register

__all__ = ["inspect_model", "load_model", "model_card", "register", "save_model"]
