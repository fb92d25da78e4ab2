"""Alerts on which classifiers of brokers tend to return nonsense scores.

Each packet is valid, but extreme: a source seen once, a flat source, limits alone, one band,
negative fluxes, everything on one date, a gap of years, fluxes of very different size.
"""

from alert_packets import ztf_packet

ZERO = 2460000.5


def detection(day, fid=2, mag=19.0, err=0.05, sign="t"):
    source = ztf_packet()["candidate"]
    return source | {
        "jd": ZERO + day,
        "fid": fid,
        "magpsf": mag,
        "sigmapsf": err,
        "isdiffpos": sign,
    }


def limit(day, fid=2):
    return detection(day, fid) | {"magpsf": None, "sigmapsf": None, "isdiffpos": None}


def packet(name, number, measurements, **fields):
    """The last measurement raised the alert."""
    *history, source = measurements
    return {
        "candid": number,
        "objectId": name,
        "candidate": source | {"candid": number},
        "prv_candidates": history or None,
        **fields,
    }


def forced(day, flux, fid=1):
    return {
        "jd": ZERO + day,
        "fid": fid,
        "forcediffimflux": flux,
        "forcediffimfluxunc": 10.0,
        "magzpsci": 26.0,
        "procstatus": "0",
    }


def supernova(day, fid):
    """Magnitude of a textbook supernova."""
    since = day - 20.0
    return 18.0 + (0.02 if since < 0 else 0.0015) * since**2 + 0.1 * (fid - 1)


DAYS = range(8, 45, 3)
CASES = {
    "supernova": [detection(d, f, supernova(d, f)) for d in DAYS for f in (1, 2)],
    "seen once": [detection(0.0)],
    "flat": [detection(3.0 * d, 1 + d % 2, 18.0, 0.02) for d in range(20)],
    "limits and one": [limit(3.0 * d, 1 + d % 2) for d in range(15)] + [detection(45.0)],
    "one band": [detection(3.0 * d, 1, 18.0 + 0.1 * d) for d in range(10)],
    "negative": [detection(3.0 * d, 1 + d % 2, 18.0, sign="f") for d in range(10)],
    "one date": [detection(0.0, fid) for fid in (1, 2, 3)],
    "gap of years": [detection(d, 2) for d in (-3000.0, -2999.0, 0.0, 3.0)],
    "very bright": [detection(3.0 * d, 1 + d % 2, 6.0 + 0.1 * d, 1e-4) for d in range(10)],
    "error of zero": [detection(3.0 * d, 2, 18.0, 0.0) for d in range(5)] + [detection(20.0)],
    "not measured": [detection(3.0 * d, 2, 99.0, 99.0) for d in range(5)] + [detection(20.0, 1)],
    "nothing measured": [detection(3.0 * d, 2, 99.0, 99.0) | {"diffmaglim": None} for d in (0, 1)],
}


def hard_packets():
    """Return a packet for each case; the last one has forced photometry of pure noise."""
    packets = [packet(name, i, rows) for i, (name, rows) in enumerate(CASES.items(), 1)]
    noise = [forced(-3.0 * d, flux) for d, flux in enumerate((8.0, -12.0, 3.0, -9.0, 15.0, -1.0))]
    return [*packets, packet("noise", len(packets) + 1, [detection(0.0)], fp_hists=noise)]
