"""Report definitions: what one may hold, the rules that it must keep, and what it says in the product's words."""
