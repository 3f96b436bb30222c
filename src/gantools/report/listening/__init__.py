"""Listening tests: a page that asks, and the key that says what was heard."""
