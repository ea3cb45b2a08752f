"""German: Django's own formats, and ours."""

NEAR_DATE_FORMAT = "d.m."
NEAR_DATETIME_FORMAT = "d.m. H:i"
