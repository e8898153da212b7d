"""Whether an installation can do what its settings and files ask for: `promo-reports doctor`."""
