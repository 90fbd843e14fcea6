"""The use cases: plain arguments in, frozen values out, one transaction per call."""
