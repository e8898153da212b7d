"""The code of each kind of filter: what a report type may say of one, what a definition may choose, and its words."""
