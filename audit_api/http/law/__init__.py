"""Forms, standards and requirements, as data and as pages."""
