"""What Promo Reports is about, in plain values: no I/O, no clock, the standard library only."""
