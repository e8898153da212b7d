"""What fills the demo's promo database, one module per kind of row; docs/demo-data.md says where each comes from."""
