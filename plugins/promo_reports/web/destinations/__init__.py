"""Destinations of the account, for operators: what is connected, and a check of each."""
