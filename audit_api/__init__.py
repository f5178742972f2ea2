"""The backend of an accessibility audit: sync API, verdicts, oversight."""
