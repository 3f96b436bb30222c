"""What the systems share that translate one mel into another."""
