"""
A stream of alerts
==================

Replay a night of alert packets through a trained network, with repeats, disorder and a restart.
"""

# %%
# Packets in the format of LSST from simulated light curves: every detection raises an alert with
# the earlier detections of its object.  The flux of light curves has the zero point 27.5, that of
# packets is in nJy.
import tempfile
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from skastro.datasets import make_light_curves
from skastro.persistence import load_pretrained
from skastro.streaming import AlertStream, SQLiteSink

NANOJANSKY = 10 ** (0.4 * (31.4 - 27.5))


def make_packets(X):
    packets = []
    for number, curve in enumerate(X["lightcurve"]):
        seen = []
        for row in curve[curve["detected"]].sort_values("time").itertuples():
            source = {
                "diaSourceId": 1000 * number + len(seen),
                "diaObjectId": number,
                "midpointMjdTai": row.time,
                "band": row.band,
                "psfFlux": NANOJANSKY * row.flux,
                "psfFluxErr": NANOJANSKY * row.flux_err,
                "ra": 10.0,
                "dec": -5.0,
            }
            packet = {"diaSourceId": source["diaSourceId"], "diaSource": source}
            packets.append(packet | {"prvDiaSources": list(seen)})
            seen.append(source)
    return sorted(packets, key=lambda packet: packet["diaSource"]["midpointMjdTai"])


X, y = make_light_curves(60, classes=["SNIa", "SNII", "SNIbc"], random_state=1)
packets = make_packets(X)
len(packets)

# %%
# A trained network comes with the package.  The store keeps the histories, the sink one row per
# object; a function of the table follows one object through the season.
model = load_pretrained("oracle-lsst").model
folder = Path(tempfile.mkdtemp())
sink, followed = SQLiteSink(folder / "table.sqlite"), []
busiest = str(np.bincount([p["diaSource"]["diaObjectId"] for p in packets]).argmax())


def follow(table):
    followed.extend(table[table.index == busiest].to_dict("records"))


stream = AlertStream(model, folder / "store.sqlite", [sink, follow], batch_size=50)
print(stream.run(packets[: len(packets) // 2]))

# %%
# The second half comes after a restart, in random order, and with everything of the first half
# again.  Alerts that the store knows change nothing.
rng = np.random.default_rng(0)
stream = AlertStream(model, folder / "store.sqlite", [sink, follow], batch_size=50)
print(stream.run([packets[i] for i in rng.permutation(len(packets))]))
sink.read().head()

# %%
# The class probabilities of one object, at the date of its latest alert.
dates = [row["last_time"] for row in followed]
names = [name for name in followed[0] if name.startswith("prob_")]
for name in names:
    values = [row[name] for row in followed]
    if max(values) > 0.1:
        plt.plot(dates, values, "o-", label=name.removeprefix("prob_"))
plt.xlabel("MJD of the latest alert")
plt.ylabel("probability")
plt.title(f"object {busiest}, simulated as {y[int(busiest)]}")
plt.legend()
plt.show()
