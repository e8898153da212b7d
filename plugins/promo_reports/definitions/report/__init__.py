"""Report definitions: the form of one, its rules, and how it is described to people."""
