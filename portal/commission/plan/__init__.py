"""What payments earn under a plan, in the notation of reference/commission.md. Pure: standard library and money only.

`terms.py`: what a plan can say; `notation.py` reads it; `earning.py` evaluates it, in the order that the reference gives;
`quoting.py` answers cases.
"""

from portal.commission.plan.earning import Book, Line, Payment, Placing, earn, scope_of
from portal.commission.plan.notation import faults_of, highest_rate, read_plan
from portal.commission.plan.quoting import quote
from portal.commission.plan.terms import Basis, Measure, Plan, PlanError, Together, plain

__all__ = [
    "Basis",
    "Book",
    "Line",
    "Measure",
    "Payment",
    "Placing",
    "Plan",
    "PlanError",
    "Together",
    "earn",
    "faults_of",
    "highest_rate",
    "plain",
    "quote",
    "read_plan",
    "scope_of",
]
