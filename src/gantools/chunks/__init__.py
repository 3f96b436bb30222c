"""Training data: windows, shards, roles and song-level splits."""
