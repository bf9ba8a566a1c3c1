"""Seats, queues and what is left: `seats.py` is the only place that takes or returns seats."""
