"""Examining a gateway without sending it an order, changing anything or throwing anybody out."""
