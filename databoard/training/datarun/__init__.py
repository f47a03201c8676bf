"""Submissions trained by a datarun server, the service of 2016; decision 11 says why it stays.

`client` speaks its REST interface, `answers` reads what it predicted and trusts none of it,
`bridge` stands between it and the queue.
"""
