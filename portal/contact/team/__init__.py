"""What a team leader does with the queue: desks and dealing."""
