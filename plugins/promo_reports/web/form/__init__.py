"""The Create Report form: what it offers, previews and creates, and its routes."""
