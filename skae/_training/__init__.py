"""The fit, for any engine: initialization, stages, epochs, schedules, checkpoints."""
