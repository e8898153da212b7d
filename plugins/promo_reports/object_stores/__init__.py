"""Object stores: `port.py` is the interface, and each kind of store has a module of its own."""
