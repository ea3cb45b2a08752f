"""English as the whole world reads it: the day first, the month as a word, 24 hours."""

DATE_FORMAT = "j F Y"
DATETIME_FORMAT = "j F Y, H:i"
SHORT_DATE_FORMAT = "j M Y"
SHORT_DATETIME_FORMAT = "j M Y, H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT = "j F"
NEAR_DATE_FORMAT = "j M"  # ours: within a year of the reader's day
NEAR_DATETIME_FORMAT = "j M, H:i"
FIRST_DAY_OF_WEEK = 1
