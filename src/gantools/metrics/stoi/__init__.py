"""STOI-like features: how each mel band follows its real counterpart."""
