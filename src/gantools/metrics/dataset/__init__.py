"""What a folder of music holds, as one has to know it before training."""
