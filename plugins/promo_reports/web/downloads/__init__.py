"""Downloads: their routes, responses, the limits of concurrent ones, and the end of stalled ones."""
