"""SQLite: its files, and the times and numbers that its columns may hold in any form."""
