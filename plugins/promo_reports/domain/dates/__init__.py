"""Days, windows and schedules in an account's timezone."""
