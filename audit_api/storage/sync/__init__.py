"""Operations and the feed: what comes in from tablets and goes out to them."""
