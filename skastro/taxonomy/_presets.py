"""Taxonomies of surveys and papers."""

from skastro.taxonomy._tree import Taxonomy

# The models of ELASTICC, then the names of the simulator of this package and of PLAsTiCC.
_ELASTICC_NAMES = {
    "SNII": [
        "SNII-NMF",
        "SNIIb+HostXT_V19",
        "SNIIn-MOSFIT",
        "SNII+HostXT_V19",
        "SNII-Templates",
        "SNIIn+HostXT_V19",
        "SNIIP",
        "SNIIL",
        "SNIIn",
        "SNIIb",
    ],
    "SNIb/c": [
        "SNIc-Templates",
        "SNIc+HostXT_V19",
        "SNIb-Templates",
        "SNIcBL+HostXT_V19",
        "SNIb+HostXT_V19",
        "SNIbc",
        "SNIb",
        "SNIc",
        "SNIc-BL",
    ],
    "SNIa": ["SNIa-SALT3"],
    "SNI91bg": ["SNIa-91bg"],
    "SLSN": ["SLSN-I+host", "SLSN-I_no_host", "SLSN-I", "SLSN-II"],
    "KN": ["KN_K17", "KN_B19"],
    "uLens": [
        "uLens-Binary",
        "uLens-Single-GenLens",
        "uLens-Single_PyLIMA",
        "uLens-Single",
    ],
    "M-dwarf Flare": ["Mdwarf-flare", "M-dwarf"],
    "Dwarf Novae": ["dwarf-nova"],
    "RR Lyrae": ["RRL"],
    "Delta Scuti": ["d-Sct"],
    "AGN": ["CLAGN"],
}

ELASTICC = Taxonomy(
    {
        "Alert": {
            "Transient": {
                "SN": ["SNIa", "SNIb/c", "SNIax", "SNI91bg", "SNII"],
                "Fast": ["KN", "Dwarf Novae", "uLens", "M-dwarf Flare"],
                "Long": ["SLSN", "TDE", "ILOT", "CART", "PISN"],
            },
            "Variable": {
                "Periodic": ["Cepheid", "RR Lyrae", "Delta Scuti", "EB"],
                "AGN": None,
            },
        }
    },
    synonyms={model: name for name, models in _ELASTICC_NAMES.items() for model in models},
)

SEDM = Taxonomy(
    {
        "Alert": {
            "SN": {
                "H-rich": ["II", "IIP", "IIL", "IIb", "IIn", "SLSN-II"],
                "H-poor": ["Ia", "Ib", "Ic", "Ic-BL", "SLSN-I"],
            },
            "AGN": None,
            "CV": None,
        }
    },
)

CCSN = Taxonomy(
    {
        "CCSN": {
            "H-rich": ["II", "IIb", "IIn"],
            "H-poor": ["Ib", "Ic", "Ic-BL"],
        }
    },
    synonyms={"IIP": "II", "IIL": "II", "IIb-H": "IIb"},
)

SUPERNOVA = Taxonomy(
    {
        "SN": {
            "Thermonuclear": ["SNIa", "SNIax", "SNI91bg"],
            "Core collapse": {
                "H-rich": ["SNII", "SNIIn", "SNIIb"],
                "H-poor": ["SNIb", "SNIc", "SNIc-BL"],
            },
            "Superluminous": ["SLSN-I", "SLSN-II"],
        }
    },
    synonyms={
        "SNIIP": "SNII",
        "SNIIL": "SNII",
        "SNIa-91bg": "SNI91bg",
        "SNIcBL": "SNIc-BL",
        "SNIbc": "H-poor",
        "SLSN": "Superluminous",
    },
)
