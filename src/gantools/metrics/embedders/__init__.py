"""Networks in whose space music is compared."""
