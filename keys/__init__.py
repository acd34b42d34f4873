"""Keys, trust lists and field encryption; knows nothing of codes, HTTP or SQL."""
