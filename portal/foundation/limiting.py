"""How many requests one address may make; in memory, or on Redis where the bank has more than one process.

It stands beside the sign-in's own throttle (identity), which counts failures and survives restarts.
"""

from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

limiter = Limiter(get_remote_address, default_limits=[])
SIGN_IN = "60 per minute"
