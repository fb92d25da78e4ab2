"""The labelled data of the science runs as NestedFrames."""

from pathlib import Path

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.io import read_snana
from skastro.surveys import Survey
from skastro.utils.photometry import magnitude_to_flux
from skastro.utils.ragged import nest, segment_argmax

SUPERNOVAE = ["SNIa", "SNIa-91bg", "SNIax", "SNII", "SNIbc", "SLSN-I"]

# Effective wavelengths [Angstrom] and AB magnitude minus listed magnitude of the bands of the Open
# Supernova Catalog that hold nearly all of its photometry (Vega systems: Blanton & Roweis 2007,
# Breeveld et al. 2011 for UVOT).
_OSC_BANDS = {
    "UVW2": (2030.0, 1.73),
    "UVM2": (2231.0, 1.69),
    "UVW1": (2634.0, 1.51),
    "u": (3600.0, 0.0),
    "U": (3650.0, 0.79),
    "B": (4353.0, -0.09),
    "g": (4800.0, 0.0),
    "V": (5477.0, 0.02),
    "r": (6200.0, 0.0),
    "C": (6300.0, 0.1),
    "R": (6349.0, 0.21),
    "i": (7550.0, 0.0),
    "I": (8797.0, 0.45),
    "z": (8700.0, 0.0),
    "y": (9630.0, 0.0),
}
OSC = Survey("OSC", {band: wavelength for band, (wavelength, _) in _OSC_BANDS.items()})
_MIN_DETECTIONS = 10
_UNKNOWN_ERROR, _LEAST_ERROR = 0.15, 0.02


def load_survey_bench(data):
    """8,000 simulated LSST objects of 13 classes: (X, types)."""
    X = read_snana(Path(data) / "survey_bench", survey="LSST")
    return X, X.pop("type").to_numpy(object)


def load_osc(data):
    """Real supernovae 2010-2014 with 10 detections at least: (X, types)."""
    objects = pd.read_csv(Path(data) / "osc" / "objects.csv").set_index("name")
    photometry = _osc_detections(pd.read_parquet(Path(data) / "osc" / "photometry.parquet"))
    counts = photometry["name"].value_counts()
    names = [name for name in objects.index if counts.get(name, 0) >= _MIN_DETECTIONS]
    photometry = photometry[photometry["name"].isin(names)]
    photometry = photometry.sort_values(["name", "mjd"], kind="stable")
    objects = objects.loc[sorted(names)]
    lengths = photometry.groupby("name", sort=True).size().loc[objects.index]
    offsets = np.concatenate([[0], np.cumsum(lengths)])
    flux, flux_err = magnitude_to_flux(photometry["mag"], photometry["magerr"])
    rows = {
        "time": photometry["mjd"].to_numpy(),
        "band": photometry["band"].to_numpy(object),
        "flux": flux,
        "flux_err": flux_err,
    }
    X = NestedFrame(
        {
            "redshift": objects["redshift"].to_numpy(float),
            "redshift_err": np.where(objects["redshift"].notna(), 0.001, np.nan),
            "mwebv": objects["ebv"].fillna(0.0).to_numpy(float),
            "peak_time": rows["time"][segment_argmax(offsets, flux)],
        },
        index=objects.index,
    )
    return X.assign(lightcurve=nest(offsets, rows, X.index)), objects["type"].to_numpy(object)


def _osc_detections(photometry):
    """Detections in known bands, in AB magnitudes with an error each."""
    band = photometry["band"].str.rstrip("'")
    known = band.isin(_OSC_BANDS) & ~photometry["upperlimit"] & photometry["mag"].between(5, 30)
    photometry = photometry[known].assign(band=band[known])
    to_ab = photometry["band"].map({name: shift for name, (_, shift) in _OSC_BANDS.items()})
    listed_in_ab = photometry["system"].eq("AB")
    errors = photometry["magerr"].fillna(_UNKNOWN_ERROR).clip(lower=_LEAST_ERROR)
    return photometry.assign(mag=photometry["mag"] + to_ab.where(~listed_in_ab, 0.0), magerr=errors)
