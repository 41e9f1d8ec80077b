"""What payments earn under a plan, in the notation of reference/commission.md. Pure: standard library and money only.

`terms.py`: what a plan can say; `notation.py` reads it; `earning.py` evaluates it, in the order that the reference gives;
`quoting.py` answers cases; `factoring.py`: points, ranks and
the factor of a period; `distance.py`: how far a batch is from its next step.
"""

from portal.commission.plan.distance import Distance, distance_of
from portal.commission.plan.earning import earn, last_day_of, scope_of
from portal.commission.plan.factoring import Figures, factor_of, factored, points, ranks
from portal.commission.plan.facts import Book, Line, Payment, Placing
from portal.commission.plan.notation import faults_of, highest_rate, read_plan
from portal.commission.plan.quoting import quote
from portal.commission.plan.terms import Basis, Kpi, Measure, Plan, PlanError, Tail, Together, plain

__all__ = [
    "Basis",
    "Book",
    "Distance",
    "Figures",
    "Kpi",
    "Line",
    "Measure",
    "Payment",
    "Placing",
    "Plan",
    "PlanError",
    "Tail",
    "Together",
    "distance_of",
    "earn",
    "factor_of",
    "factored",
    "faults_of",
    "highest_rate",
    "last_day_of",
    "plain",
    "points",
    "quote",
    "ranks",
    "read_plan",
    "scope_of",
]
