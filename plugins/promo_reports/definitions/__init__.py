"""Definitions and report types: YAML is read, checked domain values or located problems are returned."""
