"""A grade for each clip, learnt from listeners: the automatic metric of the arrangement paper (section 4.4)."""
