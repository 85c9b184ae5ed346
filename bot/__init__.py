"""Platforms and plumbing: how words come in and cards go out."""
