"""Recurring reports: their routes, list rows and details, and past windows."""
