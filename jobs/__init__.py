"""What runs on its own."""
