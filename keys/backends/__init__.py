"""The places where a private key can live, one module each."""
