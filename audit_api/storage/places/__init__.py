"""Territories, sites, campaigns and their days."""
