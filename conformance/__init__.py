"""The conformance kit: runs a maker's reader over the vectors and tells where it decides otherwise."""
