"""What papers, mails and tables say, in Kyrgyz, Russian and English, from one catalogue."""

from audit_api.words.alphabet import name_key
from audit_api.words.words import Words, to_say, words_in

__all__ = ["Words", "name_key", "to_say", "words_in"]
