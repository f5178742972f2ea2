"""Territories, stations, needs and days, as administrators bring them."""
