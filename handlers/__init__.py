"""Words in, card out: what a person can say, press and open."""
