"""From a definition and a window to a verified, staged file: one snapshot, counted, copied, split, read again."""
