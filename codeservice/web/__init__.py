"""HTTP of the service: one blueprint per noun, one way in for requests, one way out for errors."""
