"""What agencies and areas send: read into observations, each with its cell of origin."""
