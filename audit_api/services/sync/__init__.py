"""Operations of tablets, taken in exactly once."""
