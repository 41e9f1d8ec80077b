"""Words to the debtor: approved texts, what was sent, and the outbox."""
