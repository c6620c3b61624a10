"""Evidence from inside the service and around it, collected while the load runs. Each collector has one shape."""
