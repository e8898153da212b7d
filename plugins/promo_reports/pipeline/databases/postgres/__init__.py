"""PostgreSQL: its sessions, the checks of what a query asks of them, and what its errors mean."""
