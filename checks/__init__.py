"""One module of experiments a unit; the units of the course are the modules here."""
