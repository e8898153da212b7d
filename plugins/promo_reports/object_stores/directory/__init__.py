"""Directories, of one host or shared by several."""
