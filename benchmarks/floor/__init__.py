"""What Django itself costs: a bare list of rows by two indexed queries, and one INSERT per POST."""
