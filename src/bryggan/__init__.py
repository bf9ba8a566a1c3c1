"""Bryggan: the bridge between a city's innovation work and its classrooms."""

__version__ = "0.1.0"
