"""A bank's service desk to look at: made-up people, real questions. Nothing here touches rows."""
