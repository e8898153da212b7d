"""What each cell policy does to the cells of a file: in SQL, in Python, counted again, and reversed."""
