"""The store: the only SQL and the only Redis of the service. One module of models, one of queries per noun."""
