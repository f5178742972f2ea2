"""What happened, as officials are told of it: types, payloads, and how messages are sealed."""
