"""Destinations that are well, and ways to them on which something is wrong; a module for each kind."""
