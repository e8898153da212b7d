"""Recurring reports on the page: rows, details, past windows, and their routes."""
