"""What gives and takes access (``access/``) and what answers facts (``sources/``), one file per system."""
