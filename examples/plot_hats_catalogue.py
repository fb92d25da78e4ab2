"""
A sky catalogue
===============

Write light curves as a HATS catalogue, and classify it partition by partition with LSDB.
"""

# %%
# Simulated light curves with positions on the sky become a catalogue.  Each partition is a Parquet
# file of one part of the sky.
import tempfile
from pathlib import Path

import dask
import lsdb
import matplotlib.pyplot as plt
import numpy as np

from skastro.datasets import make_light_curves
from skastro.distributed import predict_catalog, to_hats
from skastro.persistence import load_pretrained

dask.config.set(scheduler="synchronous")  # or a dask.distributed.Client
folder = Path(tempfile.mkdtemp())
X, y = make_light_curves(400, classes=["SNIa", "SNII", "SNIbc", "AGN"], random_state=1)
rng = np.random.default_rng(0)
X = X.assign(ra=rng.uniform(0, 360, 400), dec=np.degrees(np.arcsin(rng.uniform(-1, 0.2, 400))))
to_hats(X.assign(type=y), folder / "survey", partition_rows=100)
catalog = lsdb.open_catalog(folder / "survey")
catalog.npartitions, list(catalog.columns)

# %%
# Nothing is computed before the result is.  A cut on the sky leaves the other partitions unread.
model = load_pretrained("oracle-lsst").model
south = catalog.box_search(ra=(0, 360), dec=(-90, -20))
predictions = predict_catalog(model, south, keep=["type"])
table = predictions.compute()
table[["object_id", "type", "label", "reason"]].head()

# %%
# The positions of the objects, with their predicted class.
ax = plt.subplot(projection="mollweide")
for label, own in table.groupby("label"):
    ax.scatter(np.radians(own["ra"] - 180), np.radians(own["dec"]), s=12, label=label)
ax.grid()
ax.legend(loc="upper right", fontsize="small")
plt.show()

# %%
# The result is a catalogue as well: write it, or join it with any other.
predictions.write_catalog(folder / "predictions", progress_bar=False)
brought_together = catalog.join(
    lsdb.open_catalog(folder / "predictions"),
    left_on="object_id",
    right_on="object_id",
    suffix_method="overlapping_columns",
)
len(brought_together.compute())
