"""CloudWatch's alarms as tickets of the desk itself."""
