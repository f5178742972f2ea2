"""Blueprints, with their schemas beside the views."""
