"""One file per system that answers who is on call and which incidents are open."""
