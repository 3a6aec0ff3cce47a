"""What Snakemake asks: jobs, code digests, forecasts, locks, signals. Imports no torch."""
