"""Reading and writing: SNANA FITS, text and FITRES, redshift tables, Parquet."""

from skastro.io._readme import SimulationReadme, read_readme
from skastro.io._snana import read_snana
from skastro.io._snana_files import find_heads
from skastro.io._snana_write import write_snana

__all__ = [
    "SimulationReadme",
    "find_heads",
    "read_readme",
    "read_snana",
    "write_snana",
]
