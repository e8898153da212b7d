"""What PostgreSQL tells of a server, a role, tables and indexes, for `promo-reports doctor`."""
