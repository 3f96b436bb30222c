"""Rhythm: whether generated parts are on time with what they were made from."""
