"""Frozen steps of the schema, numbered; never edited once released."""
