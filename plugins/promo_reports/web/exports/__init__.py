"""Exports: their routes, list rows and details, and retry and cancel."""
