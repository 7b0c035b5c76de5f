"""Five pipelines that meet only in the catalog."""
