"""The fields of the alert packets of each survey."""

from dataclasses import dataclass, field

import pyarrow as pa

from skastro.exceptions import FormatError

ZTF_BANDS = {1: "g", 2: "r", 3: "i"}
# AB magnitude of a flux of 1 nJy.
NANOJANSKY = 31.4


@dataclass(frozen=True)
class AlertLayout:
    """Names of the fields in the packets of one survey.

    Parameters
    ----------
    survey : str
        Name of the survey.

    alert_id, source, object_id : str
        Identifier of the alert, in the packet or its measurement; the measurement that raised
        the alert; identifier of the object, in the packet or the measurement.

    history, forced : str
        List of earlier measurements, and list of forced photometry.

    time, band : str
        Fields of a measurement.

    dec : str
        Declination in a measurement; the right ascension is always ``ra``.

    time_zero : float
        Subtracted from a time to obtain MJD.

    flux, flux_err : str or None
        Fields of a measurement in nJy; None if the measurements are magnitudes, as in ZTF.

    cutouts : tuple of 3 str
        Science, reference and difference image.

    bands : dict of int -> str
        Names of numbered bands.

    requires_object : bool
        Whether every alert belongs to an object; LSST alerts of moving objects do not.

    Examples
    --------
    >>> from skastro.io._alert_layouts import LAYOUTS
    >>> LAYOUTS["ZTF"].history
    'prv_candidates'
    """

    survey: str
    alert_id: str
    source: str
    object_id: str
    history: str
    forced: str
    time: str
    band: str
    dec: str
    time_zero: float
    flux: str | None
    flux_err: str | None
    cutouts: tuple = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
    bands: dict = field(default_factory=dict)
    requires_object: bool = True

    @property
    def required(self) -> tuple[str, ...]:
        """Fields that the measurement of every alert must have."""
        brightness = (
            ("magpsf", "sigmapsf", "isdiffpos") if self.flux is None else (self.flux, self.flux_err)
        )
        return (self.time, self.band, "ra", self.dec, *brightness)


LAYOUTS = {
    "ZTF": AlertLayout(
        survey="ZTF",
        alert_id="candid",
        source="candidate",
        object_id="objectId",
        history="prv_candidates",
        forced="fp_hists",
        time="jd",
        band="fid",
        dec="dec",
        time_zero=2400000.5,
        flux=None,
        flux_err=None,
        bands=ZTF_BANDS,
    ),
    "ELAsTiCC": AlertLayout(
        survey="LSST",
        alert_id="alertId",
        source="diaSource",
        object_id="diaObjectId",
        history="prvDiaSources",
        forced="prvDiaForcedSources",
        time="midPointTai",
        band="filterName",
        dec="decl",
        time_zero=0.0,
        flux="psFlux",
        flux_err="psFluxErr",
    ),
    "LSST": AlertLayout(
        survey="LSST",
        alert_id="diaSourceId",
        source="diaSource",
        object_id="diaObjectId",
        history="prvDiaSources",
        forced="prvDiaForcedSources",
        time="midpointMjdTai",
        band="band",
        dec="dec",
        time_zero=0.0,
        flux="psfFlux",
        flux_err="psfFluxErr",
        requires_object=False,
    ),
}


def find_layout(schema: pa.Schema) -> AlertLayout:
    """Return the layout of packets with an Arrow schema.

    Raises
    ------
    FormatError
        The packets belong to no known survey.
    """
    names = set(schema.names)
    if "candidate" in names:
        return LAYOUTS["ZTF"]
    if "diaSource" in names:
        known = names | field_names(schema.field("diaSource").type)
        return LAYOUTS["ELAsTiCC" if "midPointTai" in known else "LSST"]
    raise FormatError(
        f"the packets fit none of the surveys {list(LAYOUTS)}; their fields are {schema.names}"
    )


def field_names(kind: pa.DataType) -> set[str]:
    """Return the names of the fields of a struct type; none for any other type."""
    if not pa.types.is_struct(kind):
        return set()
    return {kind.field(i).name for i in range(kind.num_fields)}
