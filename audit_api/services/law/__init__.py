"""Standards: adopted, compared, and applied to what was measured before."""
