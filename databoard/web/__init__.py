"""The web: pages and a programming interface over services and queries."""
