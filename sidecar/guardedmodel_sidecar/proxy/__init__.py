"""Moving bytes: the socket towards the client, the pool towards the model, one request between."""
