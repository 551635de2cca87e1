"""One file per system that wakes people. Named in ``connectors.registry``, imported on first use."""
