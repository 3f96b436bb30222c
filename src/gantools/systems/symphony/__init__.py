"""SymphonyNet (Liu et al. 2022): orchestral scores as rows, learned and gone on with by a linear transformer."""
