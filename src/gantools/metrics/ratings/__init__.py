"""What listeners answered: how far they agree, what tells the sets apart, and what is taken for real."""
