"""Feishu (飞书): events and presses in, cards in JSON 2.0 out."""
