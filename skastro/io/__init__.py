"""Reading and writing: SNANA files, tables, spectra, stamps, alerts, Parquet."""

from skastro.io._alert_measurements import (
    AlertMeasurements,
    iter_packets,
    merge_alert_measurements,
    read_alert_measurements,
)
from skastro.io._alerts import Alerts, read_alerts
from skastro.io._any import iter_data, read_data, recognize_data
from skastro.io._convert import convert
from skastro.io._fitres import read_fitres
from skastro.io._observations import read_observations
from skastro.io._parquet import count_parquet, iter_parquet, read_parquet, write_parquet
from skastro.io._parquet_frame import ParquetFrame, from_arrow
from skastro.io._plasticc import PLASTICC_CLASSES, read_plasticc
from skastro.io._readme import SimulationReadme, read_readme
from skastro.io._redshifts import join_redshifts, read_redshift_table
from skastro.io._snana import read_snana
from skastro.io._snana_files import find_heads
from skastro.io._snana_text import read_snana_text
from skastro.io._snana_write import write_snana
from skastro.io._spectra import read_spectra
from skastro.io._stamps import Stamps, read_fits_stamps, read_stamps

__all__ = [
    "AlertMeasurements",
    "Alerts",
    "PLASTICC_CLASSES",
    "ParquetFrame",
    "SimulationReadme",
    "Stamps",
    "convert",
    "count_parquet",
    "find_heads",
    "from_arrow",
    "iter_data",
    "iter_packets",
    "iter_parquet",
    "join_redshifts",
    "merge_alert_measurements",
    "read_alert_measurements",
    "read_alerts",
    "read_data",
    "read_fitres",
    "read_fits_stamps",
    "read_observations",
    "read_parquet",
    "read_readme",
    "read_plasticc",
    "read_redshift_table",
    "read_snana",
    "read_snana_text",
    "read_spectra",
    "read_stamps",
    "recognize_data",
    "write_parquet",
    "write_snana",
]
