"""A class's own programme: proposed, changed, checked, shown and shared."""
