"""Groups of music by how much they loop: the test of a loop detector in Han et al., section 3.2.2 and figure 3."""
