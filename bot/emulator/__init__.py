"""The three platforms' own side of the protocol, for the demo and the tests."""
