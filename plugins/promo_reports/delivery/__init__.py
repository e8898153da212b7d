"""From the staged file to a destination: whole files first, the manifest last."""
