"""What clients of a log store were told and what they read, as JSON lines; and the checker that judges it. See README.md."""
