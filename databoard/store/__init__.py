"""The store: tables, questions about them, and the files beside them."""
