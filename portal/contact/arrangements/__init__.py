"""Plans, settlements and waivers with a debtor."""
