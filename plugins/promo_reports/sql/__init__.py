"""SQL templates: sandboxed, checked when loaded, every value bound."""
