"""Where and how code runs: devices, seeds, ranks."""
