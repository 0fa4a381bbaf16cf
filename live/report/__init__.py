"""What a run reports: the shared result types, the result files, the progress bar and the summary table."""
