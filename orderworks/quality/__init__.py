"""What an execution cost: metrics, aggregation, reports and alert rules."""
