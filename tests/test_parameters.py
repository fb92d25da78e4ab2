"""A parameter that several estimators share has one documented sentence and one default.

Where that is not so, a table says why.  Constructor parameters of all public estimators count.
"""

import importlib
import inspect
import pkgutil
import re
from collections import defaultdict

import pytest
from sklearn.base import BaseEstimator

import skastro

SENTENCES = {
    "quality_column": "Column with the reason why an object is unusable",
    "random_state": "Source of randomness",
    "redshift_column": "Column with the redshift",
    "reference_column": "Column with the reference date of each object",
    "mwebv_column": "Column with E(B-V) of the Milky Way [mag]",
    "n_jobs": "Number of ",
    "name": "Static column to write; an existing one is replaced",
    "bands": "Bands in the order of the output",
    "engine": "Implementation; all give the same result",
    "image_shape": "(",
    "calibration_size": "Fraction of the objects",
    "max_epochs": "Passes over the ",
    "n_estimators": "Number of ",
}
"""How the text of a shared parameter starts; what is special for one estimator follows."""

OTHER_TEXT = {
    "ambiguity": "one text refers to the other for the details",
    "augment": "stamps are turned, while light curves are cut by a function that is passed in",
    "channels": "an image has two channels in all, light curves have some for each band",
    "classes": "networks read integers through the taxonomy of their criterion",
    "column": "light curves and spectra are different columns; bases name neither",
    "columns": "columns are features, columns of one label, or columns to repair",
    "criterion": "the base accepts any loss, public networks name the class of ours",
    "cv": "splits by groups, by detectors and groups, or of any kind",
    "days": "dates of a temperature and dates of sets",
    "degree": "the degree of a continuum and that of a smoothing polynomial",
    "estimator": "each meta-estimator says which estimators it accepts",
    "fill_value": "a spectrum on a grid has gaps, dense rows have single missing values",
    "group_column": "objects on one side of a split, and rows that share a weight",
    "high": "a number of days and a flux",
    "low": "a number of days and a flux",
    "max_gap": "a gap in time and a gap in wavelength",
    "memory": "fitted steps, and the outputs of the steps before the last one",
    "method": "each step has methods of its own",
    "min_snr": "steps that cut by S/N, and the one that writes the flags, do not read them",
    "missing": "what happens to an object without a value depends on the value",
    "module": "each network calls its module with other arguments",
    "normalization": "images and light curves are normalised by different rules",
    "observation_dropout": "the auto-encoder must reconstruct what it does not see",
    "sampler": "a sampler of objects and a sampler of parameters",
    "scale": "a divisor, and the turning point of a scale",
    "start": "an edge in days and an edge in wavelength",
    "static_scaler": "the base has no NaN to ignore",
    "stop": "an edge in days, the length of a grid and an edge in wavelength",
    "survey": "networks read wavelengths alone, other steps names or flags as well",
    "taxonomy": "each meta-estimator says what it uses the taxonomy for",
    "unclassified": "meta-estimators return probabilities or scores of their own",
    "validation": "classifiers hold out a share of every class, others of the objects",
    "verbose": "some show progress, some print times",
    "width": "the width of a kernel in days and that of a line in wavelength",
    "window": "a range of wavelengths and a number of rows",
}
"""Shared parameter -> why its text differs among estimators."""

OTHER_DEFAULT = {
    "augment": "another parameter of the same name, see OTHER_TEXT",
    "batch_size": "measured for each network",
    "channels": "another parameter of the same name, see OTHER_TEXT",
    "column": "light curves, spectra, or none in the neutral bases",
    "columns": "another parameter of the same name, see OTHER_TEXT",
    "cv": "a search takes the default of scikit-learn",
    "days": "a temperature by date requires dates, sets do not",
    "degree": "another parameter of the same name, see OTHER_TEXT",
    "fill_value": "a gap of a spectrum is NaN until a classifier reads it",
    "high": "another parameter of the same name, see OTHER_TEXT",
    "image_shape": "an image of SCONE has no usual shape, a stamp has",
    "low": "another parameter of the same name, see OTHER_TEXT",
    "lr": "measured for each network",
    "max_epochs": "measured for each network",
    "max_gap": "another parameter of the same name, see OTHER_TEXT",
    "method": "another parameter of the same name, see OTHER_TEXT",
    "min_detections": "a date of peak requires a detection, a quality mark none",
    "min_snr": "DmDt and spectra have no detections of 5 sigma",
    "missing": "a spectrum without redshift is still useful, a shifted light curve is not",
    "module": "each network has its own module",
    "n_estimators": "a forest has many cheap trees, an ensemble a few networks",
    "n_kernels": "a kernel machine gains nothing from more than 30",
    "name": "each step writes a column of its own",
    "normalization": "images and light curves are normalised by different rules",
    "on_interrupt": "a search keeps finished trials, a training has none",
    "quality_column": "the neutral base leaves the choice to its subclasses",
    "random_state": "DrawDays is a rule, the same for training and prediction",
    "reference_column": "steps that require a date expect the peak, others have a rule",
    "sampler": "another parameter of the same name, see OTHER_TEXT",
    "scale": "another parameter of the same name, see OTHER_TEXT",
    "start": "another parameter of the same name, see OTHER_TEXT",
    "stop": "another parameter of the same name, see OTHER_TEXT",
    "survey": "steps that need wavelengths or flags assume LSST, others compare names as they are",
    "verbose": "networks count levels, others know yes and no",
    "width": "another parameter of the same name, see OTHER_TEXT",
    "window": "another parameter of the same name, see OTHER_TEXT",
}
"""Shared parameter -> why its default differs among estimators."""


def public_estimators():
    found = []
    for module in pkgutil.walk_packages(skastro.__path__, "skastro."):
        if not any(part[0] == "_" for part in module.name.split(".")):
            imported = importlib.import_module(module.name)
            found += [getattr(imported, name) for name in getattr(imported, "__all__", ())]
    classes = {c for c in found if inspect.isclass(c) and issubclass(c, BaseEstimator)}
    return sorted(classes, key=lambda c: c.__name__)


def documented(cls):
    """Return the first sentence about each parameter."""
    doc = (inspect.getdoc(cls) or "").partition("Parameters\n----------\n")[2]
    section = re.split(r"\n\n[A-Z][A-Za-z ]+\n-{3,}", doc)[0]
    entries = re.split(r"^(?=\S[^\n]* : )", section, flags=re.MULTILINE)
    texts = {}
    for entry in entries:
        head, _, body = entry.partition("\n")
        sentence = re.split(r"(?<=[.;:])\s", " ".join(body.split()))[0].rstrip(".;:")
        whole = " ".join(body.split())
        for name in head.split(" : ")[0].split(","):
            texts[name.strip()] = sentence, whole
    known = [n for n in inspect.signature(cls).parameters if n in texts]
    return {n: texts[n] for n in known if not texts[n][0].startswith("See :class:")}


def shared(values):
    return {name: by_class for name, by_class in values.items() if len(by_class) > 1}


def collect():
    texts, defaults = defaultdict(dict), defaultdict(dict)
    for cls in public_estimators():
        for name, sentence in documented(cls).items():
            texts[name][cls.__name__] = sentence
        for name, parameter in inspect.signature(cls).parameters.items():
            defaults[name][cls.__name__] = repr(parameter.default)
    return shared(texts), shared(defaults)


TEXTS, DEFAULTS = collect()


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_shared_parameter_has_one_sentence(name):
    if name in SENTENCES:
        wrong = {c: w for c, (_, w) in TEXTS[name].items() if not w.startswith(SENTENCES[name])}
        assert not wrong
    elif name not in OTHER_TEXT:
        assert len({sentence for sentence, _ in TEXTS[name].values()}) == 1, TEXTS[name]


@pytest.mark.parametrize("name", sorted(DEFAULTS))
def test_a_shared_parameter_has_one_default(name):
    if name not in OTHER_DEFAULT:
        assert len(set(DEFAULTS[name].values())) == 1, DEFAULTS[name]


def test_reasons_belong_to_shared_parameters():
    reasons = [*OTHER_TEXT.values(), *OTHER_DEFAULT.values()]
    assert all(len(reason.split()) > 3 for reason in reasons)
    assert {*SENTENCES, *OTHER_DEFAULT} <= set(DEFAULTS)
