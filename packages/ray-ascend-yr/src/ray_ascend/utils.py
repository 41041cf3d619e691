"""The place where another package of the same import name has `cleanup_yr_resources`."""

from ray_ascend.registration import cleanup_yr_resources

__all__ = ["cleanup_yr_resources"]
