"""One file per system that wakes people."""
