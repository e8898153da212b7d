"""Where exports lie at a destination: by default, by a bucket's patterns, and where they were delivered before."""
