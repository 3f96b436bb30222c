"""Files: atomic writes, safetensors containers, hashes and manifests."""
