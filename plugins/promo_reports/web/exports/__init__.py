"""Exports on the page: rows, details, what can be done with each, and their routes."""
