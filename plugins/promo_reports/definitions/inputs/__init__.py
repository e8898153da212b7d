"""What people write, as data: YAML with line numbers, the models that check it, every problem located in our words."""
