"""MusiCNN weights (ISC, see LICENSE-musicnn.txt) in safetensors."""
