"""Days and routes worked out on numbers alone: no rows, no framework."""
