"""The benchmarks of DESIGN section 9: each does real work beside a bare yardstick, in one run, and says the ratio.

A room of its own at the end of the house: it drives the rooms through their operations on a scratch database that it
makes and drops, nothing imports it, and it is loaded only when `portal bench` is asked for.
"""
