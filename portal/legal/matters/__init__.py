"""Matters: what a law firm runs through the courts for an account that is placed with it for litigation."""
