"""What can be wrong with the files of the catalog, or with a name that is asked of it."""


class CatalogError(Exception):
    """A file or a request to the catalog is wrong: says what, where, why and what to do next."""


class UnknownProfile(CatalogError):
    """No profile of that name is in the catalog."""


class UnknownForm(Exception):
    """A form key that is well-formed but not known here: a newer tablet may know it."""

    def __init__(self, key: str, known: tuple[str, ...]) -> None:
        self.key = key
        super().__init__(
            f"This server does not know the form {key!r}; it knows {', '.join(known)}. "
            "The inspection is kept until the form is loaded."
        )
