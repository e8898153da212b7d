"""The staging area: verified exports on their way from extract to deliver."""
