"""Where objects lie: one module for each kind of store, all of them by the port of `port.py`."""
