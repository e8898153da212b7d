"""File formats: what writes the records of an export into its file, and what reads them again."""
