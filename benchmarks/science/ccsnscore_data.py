"""Dense inputs of the networks of ``ccsnscore.py``: real spectra and templates of other origin.

Two inputs of 256 samples each: ``flux``, means over linear bins scaled to [0, 1], and ``lines``,
means over logarithmic bins divided by the continuum, standardised.

Templates: SNID (divided by their continuum already, so ``flux`` is missing) and Superfit.  Left out
are templates of a supernova whose name stands in the catalogue, and of any of 2010-2014, the years
of the catalogue, which may stand there under another name.  Of one supernova at most 12 spectra.
"""

import io
import re
import tarfile

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame
from snid_leakage import read_templates

from skastro.feature_extraction import SpectrumPixels
from skastro.preprocessing import (
    Apodize,
    CleanSpectrum,
    DeredshiftSpectrum,
    NormalizeSpectrum,
    Rebin,
    RemoveContinuum,
    ReplaceOutliers,
    make_spectrum_preprocessing,
)
from skastro.utils.ragged import nest

LOGARITHMIC = np.geomspace(3700, 8800, 256)
INPUTS = {"flux": (1, 256), "lines": (1, 256)}
PER_SUPERNOVA = 12
_NARROW = ("sn1988z", "sn1997cy", "sn1998s")
_STRIPPED = ("sn1987k", "sn1993j", "sn2008ax")
_SNID = {
    "Ia": ("Ia-norm", "Ia-91T", "Ia-91bg", "Ia-99aa", "Ia-pec"),
    "II": ("IIP", "IIL", "II-pec"),
    "IIn": ("IIn",),
    "Ibc": ("IIb", "Ib", "Ib-norm", "Ib-pec", "Ic", "Ic-norm", "Ic-broad", "Ic-pec"),
    "SLSN": ("Ic-SL",),
}


def both_inputs(X):
    """Return rows of ``flux`` and ``lines`` side by side; all NaN where an input is missing."""
    flux = make_spectrum_preprocessing().set_params(rebin__method="flux")
    parts = [SpectrumPixels().fit_transform(flux.fit_transform(X)), _lines(X)]
    return np.hstack(parts).astype(np.float32)


def _lines(X, divided=False):
    X = DeredshiftSpectrum().fit_transform(CleanSpectrum().fit_transform(X))
    X = Rebin(LOGARITHMIC, method="flux").fit_transform(X)
    if not divided:
        X = ReplaceOutliers(-2, 4, value=1.0).fit_transform(RemoveContinuum().fit_transform(X))
    X = Apodize().fit_transform(NormalizeSpectrum(method="standard").fit_transform(X))
    return SpectrumPixels().fit_transform(X)


def read_all_templates(folder, catalogue):
    """Return rows of inputs, groups and names of templates that the catalogue cannot hold."""
    parts = [_snid(folder, catalogue), _superfit(folder, catalogue)]
    return tuple(np.concatenate(values) for values in zip(*parts))


def _snid(folder, catalogue):
    X, y = read_templates(folder, _SNID)
    used = _usable(X["name"], catalogue)
    lines = _lines(X[used].assign(redshift=0.0), divided=True)
    rows = np.hstack([np.full((len(lines), 256), np.nan), lines])
    return rows.astype(np.float32), y[used], X["name"].to_numpy(object)[used]


def _superfit(folder, catalogue):
    table = pd.read_csv(folder / "superfit_labels.csv")
    names = table["name"].str.lower()
    y = table["type"].map({"Ia": "Ia", "II": "II", "Ib": "Ibc", "Ic": "Ibc", "SLSN": "SLSN"})
    y = y.mask(names.isin(_NARROW), "IIn").mask(names.isin(_STRIPPED), "Ibc")
    y = y.mask(names.isin(["sn2006jc", "sn1984e", "theory99em", "sn2002bj"]))
    used = y.notna().to_numpy() & _usable(names, catalogue)
    rows = both_inputs(_read_spectra(folder / "superfit_ascii.tar.gz", table["file"][used]))
    return rows, y[used].to_numpy(object), names[used].to_numpy(object)


def _read_spectra(archive, files):
    with tarfile.open(archive) as tar:
        spectra = [np.loadtxt(io.BytesIO(tar.extractfile(f).read()), usecols=(0, 1)) for f in files]
    offsets = np.concatenate([[0], np.cumsum([len(s) for s in spectra])])
    wavelength, flux = np.concatenate(spectra).T
    X = NestedFrame({"redshift": np.zeros(len(spectra))})
    return X.assign(spectrum=nest(offsets, {"wavelength": wavelength, "flux": flux}))


def _usable(names, catalogue):
    """Mark the first spectra of supernovae that are not and cannot be in the catalogue."""
    names = pd.Series(np.asarray(names, object)).map(_plain)
    known = names.isin({_plain(name) for name in catalogue})
    year = names.map(lambda n: int(m[0]) if (m := re.search(r"\d\d(?=\d\d)|\d\d", n)) else 0)
    full = names.map(lambda n: int(m[0]) if (m := re.match(r"\d{4}", n)) else 0)
    recent = full.between(2010, 2014) | (full.eq(0) & year.between(10, 14))
    few = names.groupby(names).cumcount() < PER_SUPERNOVA
    return (few & ~known & ~recent).to_numpy()


def _plain(name):
    return re.sub(r"^sn(?=\d)|[^a-z0-9]", "", str(name).lower())
