"""Feishu (飞书)."""
