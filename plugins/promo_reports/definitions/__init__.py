"""Definitions and report types: YAML in, checked domain values or located errors out."""
