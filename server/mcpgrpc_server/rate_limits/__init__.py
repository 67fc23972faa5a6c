"""How often each caller may ask: budgets of requests in a moving window, alone or over a fleet."""
