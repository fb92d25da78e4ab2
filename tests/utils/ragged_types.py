"""Arrow types of light curves, and values to compare."""

import pandas as pd
import pyarrow as pa

TEXTS = {
    "plain": pa.string(),
    "large": pa.large_string(),
    "int8": pa.dictionary(pa.int8(), pa.string()),
    "int32": pa.dictionary(pa.int32(), pa.large_string()),
}


def list_type(text, large):
    fields = [("time", pa.float32()), ("band", TEXTS[text]), ("flag", pa.int32())]
    struct = pa.struct([*fields, ("detected", pa.bool_())])
    return pa.large_list(struct) if large else pa.list_(struct)


def plain(values):
    """Numbers as they are, text as a list with None for missing."""
    if isinstance(values, pd.Categorical):
        return [None if pd.isna(value) else value for value in values]
    return values
