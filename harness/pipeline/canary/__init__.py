"""The canary beside production on live traffic: what was seen, what that shows, and what is done about it."""
