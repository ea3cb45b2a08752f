"""Arabic: Django's own, what it leaves to American English, and ours."""

DATETIME_FORMAT = "j F، Y، g:i A"
SHORT_DATETIME_FORMAT = "d\u200f/m\u200f/Y، g:i A"
NEAR_DATE_FORMAT = "j F"
NEAR_DATETIME_FORMAT = "j F، g:i A"
