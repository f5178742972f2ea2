"""Torture of the sync: real servers, bad links, sudden deaths, and a checker that trusts nobody.

`make torture` runs it; docs/torture.md says how to read what it prints.
"""
