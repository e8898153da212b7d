"""What people write, as data: YAML with line numbers, and the models that check it and locate every problem."""
