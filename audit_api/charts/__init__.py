"""Figures as pictures: SVG that a browser, a mail and a PDF show alike, with its words as text."""

from audit_api.charts.burn_up import burn_up_chart
from audit_api.charts.stations import StationBar, stations_chart
from audit_api.charts.stations_map import StationPoint, stations_map, stations_told

__all__ = [
    "StationBar",
    "StationPoint",
    "burn_up_chart",
    "stations_chart",
    "stations_map",
    "stations_told",
]
