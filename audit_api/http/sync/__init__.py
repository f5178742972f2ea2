"""What tablets speak: push, pull, photos, receipts."""
