"""The Inception score, with a network that tags music in place of Inception."""
