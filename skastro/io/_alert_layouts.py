"""What alert packets of a survey look like."""

from dataclasses import dataclass, field

ZTF_BANDS = {1: "g", 2: "r", 3: "i"}
# AB magnitude of a flux of 1 nJy.
NANOJANSKY = 31.4


@dataclass(frozen=True)
class AlertLayout:
    """Names in the packets of one survey.

    Parameters
    ----------
    survey : str
        Its name.

    alert_id, source, object_id : str
        Identifier of the alert among the fields of a packet; the measurement that raised it;
        identifier of the object, in the packet or in the measurement.

    history : tuple of str
        Lists of earlier measurements; at one date and band those named first count.

    time, band : str
        Fields of a measurement.

    time_zero : float
        What to subtract from a time to get MJD.

    flux, flux_err : str or None
        Fields of a measurement in nJy, or None where it has magnitudes as those of ZTF.

    cutouts : tuple of 3 str
        Science, reference and difference image.

    bands : dict
        Names of numbered bands.

    Examples
    --------
    >>> from skastro.io._alert_layouts import LAYOUTS
    >>> LAYOUTS["ZTF"].history
    ('prv_candidates',)
    """

    survey: str
    alert_id: str
    source: str
    object_id: str
    history: tuple
    time: str
    band: str
    time_zero: float
    flux: str | None
    flux_err: str | None
    cutouts: tuple
    bands: dict = field(default_factory=dict)


_CUTOUTS = ("cutoutScience", "cutoutTemplate", "cutoutDifference")
LAYOUTS = {
    "ZTF": AlertLayout(
        survey="ZTF",
        alert_id="candid",
        source="candidate",
        object_id="objectId",
        history=("prv_candidates",),
        time="jd",
        band="fid",
        time_zero=2400000.5,
        flux=None,
        flux_err=None,
        cutouts=_CUTOUTS,
        bands=ZTF_BANDS,
    ),
    "LSST": AlertLayout(
        survey="LSST",
        alert_id="diaSourceId",
        source="diaSource",
        object_id="diaObjectId",
        history=("prvDiaSources", "prvDiaForcedSources"),
        time="midpointMjdTai",
        band="band",
        time_zero=0.0,
        flux="psfFlux",
        flux_err="psfFluxErr",
        cutouts=_CUTOUTS,
    ),
    "ELAsTiCC": AlertLayout(
        survey="LSST",
        alert_id="alertId",
        source="diaSource",
        object_id="diaObjectId",
        history=("prvDiaSources", "prvDiaForcedSources"),
        time="midPointTai",
        band="filterName",
        time_zero=0.0,
        flux="psFlux",
        flux_err="psFluxErr",
        cutouts=_CUTOUTS,
    ),
}


def find_layout(schema):
    """Return the layout that fits an Arrow schema.

    Raises
    ------
    ValueError
        None does.
    """
    for layout in LAYOUTS.values():
        if layout.source in schema.names:
            source = schema.field(layout.source).type
            names = {source.field(i).name for i in range(source.num_fields)}
            if {layout.time, layout.band} <= names and layout.alert_id in {*schema.names, *names}:
                return layout
    raise ValueError(
        f"the packets fit none of the surveys {list(LAYOUTS)}; their fields are {schema.names}"
    )
