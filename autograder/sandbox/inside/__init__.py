"""All that may run beside a submission."""
