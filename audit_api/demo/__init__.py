"""Batken 2021 as a demonstration: real totals, synthetic inspections."""
