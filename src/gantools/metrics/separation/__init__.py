"""How close separated stems are to the true ones."""
