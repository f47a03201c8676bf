"""What may be done: verbs that take a session first, flush, and leave the commit to the edge."""
