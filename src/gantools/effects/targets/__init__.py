"""Feature files that come with gantools; each names its source."""
