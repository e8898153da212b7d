"""Whether a file holds what the database says: counted first, compared at the end, told in the manifest."""
