"""The neutral card and the views of each capability."""
