"""The real spectra and light curves of the Open Supernova Catalog as one NestedFrame.

The files ``spectra.parquet``, ``photometry.parquet`` and ``objects.csv`` (name, type, redshift,
maxdate) lie in a folder that is given.  Rules of what counts, all of them:

* groups Ia, II [II, IIP, IIL], IIn, Ibc [IIb, Ib, Ic, Ic-BL, Ibc], SLSN [SLSN, SLSN-I, SLSN-II];
  other types are left out;
* rows without flux and repeated wavelengths are dropped (CleanSpectrum);
* in the rest frame a spectrum must cover half of 4200-9200 Angstrom with 50 pixels, less than
  half of them zero, at a S/N of 1 (MarkSpectrumQuality).
"""

import numpy as np
import pandas as pd
from nested_pandas import NestedFrame

from skastro.preprocessing import CleanSpectrum, DeredshiftSpectrum, MarkSpectrumQuality
from skastro.utils.photometry import magnitude_to_flux
from skastro.utils.ragged import nest, sort_rows

GROUPS = {
    "Ia": ["Ia"],
    "II": ["II", "IIP", "IIL"],
    "IIn": ["IIn"],
    "Ibc": ["IIb", "Ib", "Ic", "Ic-BL", "Ibc"],
    "SLSN": ["SLSN", "SLSN-I", "SLSN-II"],
}
_OF_TYPE = {t: group for group, types in GROUPS.items() for t in types}


def read_osc(folder):
    """Return X, one row per spectrum with the light curve of its object, and its group y."""
    objects = pd.read_csv(folder / "objects.csv").set_index("name")
    objects["group"] = objects["type"].map(_OF_TYPE)
    spectra = pd.read_parquet(folder / "spectra.parquet")
    spectra = spectra[spectra["name"].map(objects["group"]).notna()].reset_index(drop=True)
    index = pd.Index([f"{n}/{k}" for k, n in enumerate(spectra["name"])], name="object_id")
    own = objects.loc[spectra["name"]]
    maximum = pd.to_datetime(own["maxdate"].str.replace("/", "-"), errors="coerce")
    peak = (maximum - pd.Timestamp("1858-11-17")) / pd.Timedelta(days=1)
    X = NestedFrame(
        {
            "name": spectra["name"].to_numpy(object),
            "redshift": own["redshift"].to_numpy(float),
            "phase": spectra["mjd"].to_numpy(float) - peak.to_numpy(float),
            "instrument": spectra["instrument"].to_numpy(object),
        },
        index=index,
    )
    offsets = np.concatenate([[0], np.cumsum(spectra["flux"].map(len))])
    rows = {n: np.concatenate(spectra[n].to_list()).astype(float) for n in ("wavelength", "flux")}
    X = X.assign(spectrum=nest(offsets, rows, index), lightcurve=_light_curves(folder, X))
    return X, own["group"].to_numpy(object)


def _light_curves(folder, X):
    """Detections of each object with an error, repeated for each of its spectra."""
    table = pd.read_parquet(folder / "photometry.parquet")
    table = table[~table["upperlimit"] & table["magerr"].notna() & table["mag"].notna()]
    table = table[table["mjd"].notna() & table["band"].notna()].sort_values(["name", "mjd"])
    names = pd.Index(X["name"].unique())
    table = table[table["name"].isin(names)]
    counts = table["name"].value_counts().reindex(X["name"]).fillna(0).astype(int)
    starts = pd.Series(np.arange(len(table)), index=table["name"]).groupby(level=0).first()
    first = starts.reindex(X["name"]).fillna(0).astype(int).to_numpy()
    offsets = np.concatenate([[0], np.cumsum(counts)])
    picked = np.arange(offsets[-1]) + np.repeat(first - offsets[:-1], np.diff(offsets))
    flux, flux_err = magnitude_to_flux(table["mag"], table["magerr"])
    rows = {
        "time": table["mjd"].to_numpy(float),
        "band": table["band"].to_numpy(object),
        "flux": flux,
        "flux_err": flux_err,
        "mag": table["mag"].to_numpy(float),
    }
    rows = {name: values[picked] for name, values in rows.items()}
    return nest(offsets, sort_rows(offsets, rows), X.index)


def clean_osc(X, y):
    """Return the usable spectra of known groups, and how many were left out for which reason."""
    rest = DeredshiftSpectrum().fit_transform(CleanSpectrum().fit_transform(X))
    quality = MarkSpectrumQuality(min_snr=1).fit_transform(rest)["quality"]
    usable = quality.eq("").to_numpy()
    reasons = quality[~usable].value_counts().to_dict()
    return CleanSpectrum().fit_transform(X[usable]), y[usable], reasons
