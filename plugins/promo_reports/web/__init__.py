"""The Reports page: its API, who may use it, and the lists behind it; loaded in the api-server alone."""
