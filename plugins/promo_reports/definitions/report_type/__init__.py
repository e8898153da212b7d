"""Report types from their files: what one may hold, and the rules that it must keep."""
