"""Tests of the room identity, and the factories of organisations and people that every room uses."""
