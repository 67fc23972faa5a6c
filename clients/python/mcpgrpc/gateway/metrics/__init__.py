"""The door's own metrics: what is counted there, and the page on which it stands."""
