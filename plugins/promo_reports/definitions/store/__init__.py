"""The store of created reports: what api-servers write and every host reads."""
