"""From the bytes of a delivered file to record batches of the types that its manifest names."""
