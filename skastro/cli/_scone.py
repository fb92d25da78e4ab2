"""SCONE's configuration: what each key means here, or why it means nothing."""

from pathlib import Path
from typing import Any

OPTIONS = {
    "input_path": "data",
    "metadata_paths": "data",
    "num_epochs": "max_epochs",
    "sn_type_id_to_name": "label_names",
    "max_per_type": "max_per_class",
    "categorical_max_per_type": "max_per_class",
    "class_balanced": "balanced",
    "with_z": "with_redshift",
    "num_wavelength_bins": "n_wavelengths",
    "num_mjd_bins": "n_times",
    "trained_model": "model",
    "prob_column_name": "prob_column",
    "ids_path": "ids",
    "seed": "random_state",
}
"""SCONE's key -> name in a configuration of skastro."""

_CONVERTED = ("categorical", "train_proportion", "batch_size", "output_path")
_MEMORY = "memory: heat maps are float32 rows, the network reads one batch at a time"
_STREAM = "memory: SNANA files are read one by one, predictions are made chunk by chunk"

IGNORED = {
    "lcdata_paths": "the PHOT file is found next to its HEAD file",
    "heatmaps_path": "heat maps are not written; features are computed when the model is fitted",
    "mode": "the command: skastro fit scone, skastro predict",
    "val_proportion": "the network holds out a tenth of the training objects itself",
    "categorical_min_per_type": "the smallest class sets the number with balanced: true",
    "prescale": "choose objects by their identifiers (ids)",
    "has_peakmjd": "the reference date is estimated from the light curve in training and use alike",
    "external_test_sets": "skastro predict takes any data set",
    "debug_flag": "chooses between two implementations of SCONE",
    "verbose": "the option -v of the command",
    "verbose_data_loading": "the option -v of the command",
    "sbatch_header_path": "nothing here needs a batch system",
    "job_base_name": "nothing here needs a batch system",
    "enable_balanced_mode": _STREAM,
    "balanced_batch_size": _STREAM,
    "chunk_size": _STREAM,
    "streaming_threshold": _STREAM,
    "force_streaming": _STREAM,
    "gc_frequency": _MEMORY,
    "enable_micro_batching": _MEMORY,
    "micro_batch_size": _MEMORY,
    "memory_optimize": _MEMORY,
    "enable_dynamic_batch_size": _MEMORY,
    "max_batch_size": _MEMORY,
    "quantize": "float16 loses digits that the networks use",
    "cache_path": _MEMORY,
}
"""SCONE's key -> why it has no counterpart."""


def translate(given: dict[str, Any]) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the configuration of skastro for one of SCONE, and the reasons for what is left out.

    Parameters
    ----------
    given : dict
        As a YAML file of SCONE holds it.

    Returns
    -------
    configuration : dict
        For ``skastro fit scone --config``.

    ignored : dict of str -> str
        Keys that mean nothing here, with the reason.

    Raises
    ------
    ValueError
        A key is not one of SCONE's, or the configuration names no data.

    Examples
    --------
    >>> from skastro.cli._scone import translate
    >>> translate({"input_path": "sim/", "num_epochs": 400, "with_z": True, "gc_frequency": 200})[0]
    {'recipe': 'scone', 'data': 'sim/', 'max_epochs': 400, 'with_redshift': True, 'types': 'Ia'}
    """
    from skastro.cli._options import check_names

    check_names(given, [*OPTIONS, *IGNORED, *_CONVERTED], "SCONE configuration")
    found: dict[str, Any] = {"recipe": "scone"}
    found |= {OPTIONS[key]: value for key, value in given.items() if key in OPTIONS}
    if not given.get("categorical", False) and given.get("mode", "train") == "train":
        found["types"] = "Ia"
    if "train_proportion" in given:
        found["test_size"] = round(1 - given["train_proportion"], 6)
    if "batch_size" in given:
        found["parameter"] = {"batch_size": given["batch_size"]}
    if "output_path" in given:
        name = "predictions.csv" if given.get("mode") == "predict" else "model.safetensors"
        found["output"] = str(Path(given["output_path"]) / name)
    return found, {key: IGNORED[key] for key in given if key in IGNORED}


def is_scone(given: dict[str, Any]) -> bool:
    """Return whether a configuration is written in SCONE's names.

    Examples
    --------
    >>> from skastro.cli._scone import is_scone
    >>> is_scone({"input_path": "a", "num_epochs": 400}), is_scone({"max_epochs": 3})
    (True, False)
    """
    return bool({"num_epochs", "heatmaps_path", "input_path", "metadata_paths"} & set(given))
