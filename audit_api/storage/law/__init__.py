"""What the law is and was: imported editions, adoptions, rulesets, and the measures they judge."""
