"""The loop detector of Han et al. (ISMIR 2022), section 3.2: One-Class Deep SVDD on the correlations of bars."""
