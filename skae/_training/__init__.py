"""How a fit runs, whatever trains: initialization, stages, epochs, schedules, checkpoints."""
