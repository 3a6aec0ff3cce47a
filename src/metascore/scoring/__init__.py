"""Numbers only: scores to MetaScores, intervals, comparisons and tables. Reads published.csv, touches no other file."""
