"""What the demo's promo database is filled with, one module per kind of row; docs/demo-data.md says what is real."""
