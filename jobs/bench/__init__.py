"""Measurements that stay with the program: `python main.py bench NAME`."""
