"""Reports: tables, plots, pages with players. They know no metric."""
