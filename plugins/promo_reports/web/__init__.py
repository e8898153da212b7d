"""The HTTP API and the bundle of the Reports page. Imported by the api-server alone, except `lazy_app`."""
