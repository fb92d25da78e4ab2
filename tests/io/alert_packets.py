"""Packets written by hand, shared by the tests of alerts."""

import gzip
import io

import fastavro
import numpy as np
from astropy.io import fits


def cutout(image, packed=True):
    file = io.BytesIO()
    fits.PrimaryHDU(np.asarray(image, np.float32)).writeto(file)
    content = gzip.compress(file.getvalue()) if packed else file.getvalue()
    return {"fileName": "x.fits.gz", "stampData": content}


def ztf_packet(candid=1, image=None, **changes):
    """Detection in r after a detection in g and an upper limit."""
    source = {
        "candid": candid,
        "jd": 2460010.5,
        "fid": 2,
        "magpsf": 19.0,
        "sigmapsf": 0.05,
        "isdiffpos": "t",
        "diffmaglim": 20.5,
        "ra": 10.0,
        "dec": -5.0,
        "xpos": 1500.0,
        "ypos": 1500.0,
    } | changes
    earlier = source | {"jd": 2460005.5, "fid": 1, "magpsf": 20.0, "isdiffpos": "f"}
    limit = source | {"jd": 2460001.5, "magpsf": None, "sigmapsf": None, "isdiffpos": None}
    packet = {
        "candid": candid,
        "objectId": f"ZTF{candid}",
        "candidate": source,
        "prv_candidates": [earlier, limit],
    }
    if image is not None:
        for k, name in enumerate(("Science", "Template", "Difference")):
            packet[f"cutout{name}"] = cutout(np.asarray(image) + k)
    return packet


def lsst_packet(number=5, object_id=9, **changes):
    source = {
        "diaSourceId": number,
        "diaObjectId": object_id,
        "midpointMjdTai": 61000.0,
        "band": "r",
        "psfFlux": 1000.0,
        "psfFluxErr": 100.0,
        "ra": 1.0,
        "dec": 2.0,
    } | changes
    forced = [
        source | {"midpointMjdTai": t, "band": b, "psfFlux": f}
        for t, b, f in ((61000.0, "r", 900.0), (60990.0, "g", 10.0))
    ]
    return {"diaSourceId": number, "diaSource": source, "prvDiaForcedSources": forced}


def avro_schema():
    optional = [("magpsf", "float"), ("sigmapsf", "float"), ("isdiffpos", "string")]
    fields = [
        {"name": n, "type": "double"} for n in ("jd", "diffmaglim", "ra", "dec", "xpos", "ypos")
    ]
    fields += [{"name": "candid", "type": "long"}, {"name": "fid", "type": "int"}]
    fields += [{"name": n, "type": ["null", t]} for n, t in optional]
    source = {"type": "record", "name": "candidate", "fields": fields}
    image = [{"name": "fileName", "type": "string"}, {"name": "stampData", "type": "bytes"}]
    image = {"type": "record", "name": "image", "fields": image}
    return fastavro.parse_schema(
        {
            "type": "record",
            "name": "alert",
            "fields": [
                {"name": "candid", "type": "long"},
                {"name": "objectId", "type": "string"},
                {"name": "candidate", "type": source},
                {"name": "prv_candidates", "type": {"type": "array", "items": "candidate"}},
                {"name": "cutoutScience", "type": image},
                {"name": "cutoutTemplate", "type": "image"},
                {"name": "cutoutDifference", "type": "image"},
            ],
        }
    )


def avro_bytes(packets):
    file = io.BytesIO()
    fastavro.writer(file, avro_schema(), packets)
    return file.getvalue()


def registry_message(packet, number=3):
    """A Kafka message behind the header of a schema registry."""
    file = io.BytesIO()
    fastavro.schemaless_writer(file, avro_schema(), packet)
    return b"\0" + number.to_bytes(4, "big") + file.getvalue()
