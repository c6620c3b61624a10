"""How traffic is measured: popularity, think times, evenness of arrivals, distances, shares of requests in visits."""
