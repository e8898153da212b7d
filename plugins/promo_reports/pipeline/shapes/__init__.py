"""The files of an export: one copy of its rows, verified, and the shapes that are cut from it."""
