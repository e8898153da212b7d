"""MySQL and MariaDB: their sessions, what their columns hold, and the text that they send."""
