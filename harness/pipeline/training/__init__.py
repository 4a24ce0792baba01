"""The candidate is made here: one training, or several and the best of them."""
