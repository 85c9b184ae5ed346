"""Tables, queries and atomic writes."""
