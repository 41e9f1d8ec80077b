"""Limits of time: until when a claim can be sued for and what began that anew; how long records are kept."""
