"""From submissions to results: keys, one submission, a class, policies, many machines."""
