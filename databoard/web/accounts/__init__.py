"""Accounts: sign up, confirm, log in and out, passwords, profile, sessions, tokens."""
