"""The sandbox: the parent's side, and in `inside` all that may run beside a submission."""
