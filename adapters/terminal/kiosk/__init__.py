"""The face of a terminal as a page for a browser on the same machine."""
