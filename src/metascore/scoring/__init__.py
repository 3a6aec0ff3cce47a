"""Numbers only: scores to MetaScores, intervals, comparisons and tables. Reads its two CSV files and no other."""
