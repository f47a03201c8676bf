"""Mail: letters as plain values, and the ways to send them."""
