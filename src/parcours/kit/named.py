"""Named tuples where every message makes some."""

make = tuple.__new__
"""Makes a named tuple of a tuple of all its fields: half the price of calling its class, which is a Python function."""
