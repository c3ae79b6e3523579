"""What runs the flows by themselves: a Prefect server, deployments, a worker, and how they end."""
