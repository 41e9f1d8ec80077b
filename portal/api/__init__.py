"""What joins organisations' own systems to the portal: tokens, REST over the same operations as the pages, webhooks."""
