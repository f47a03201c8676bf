"""What participants do in an event: read, join, write, submit."""
