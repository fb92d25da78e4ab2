"""Sky catalogues on LSDB and Dask: predictions and features partition by partition."""

from skastro.distributed._catalog import predict_catalog, transform_catalog
from skastro.distributed._hats import to_hats

__all__ = ["predict_catalog", "to_hats", "transform_catalog"]
