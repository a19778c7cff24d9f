"""The line: journal, conductor, policy, recovery and recognition processes."""
