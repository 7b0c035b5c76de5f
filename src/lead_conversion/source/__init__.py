"""The one door to the database: read-only, one checked SELECT an entity, bounded batches."""
