"""One file per system at which access is given. Named in ``connectors.registry``, imported on first use."""
