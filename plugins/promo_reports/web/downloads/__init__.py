"""Sending exports: the response, how many may be open at one time, and the end of those that nobody takes."""
