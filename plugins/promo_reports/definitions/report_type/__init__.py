"""Report types from their files: the form of one, and its rules."""
