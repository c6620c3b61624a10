"""What real users do: logs, recordings, documents and the service itself, read into routes and models of traffic."""
