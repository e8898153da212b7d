"""What a query asks of PostgreSQL, checked before its rows are read: types, times, timezones, tables."""
