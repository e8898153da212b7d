"""The Create Report form: its routes, its choices, the preview, and creating a report."""
