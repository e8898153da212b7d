"""Snapshots of promo databases: sessions, dialects, errors, and the time that each may take."""
