"""What is ordered and what is given: doses, orders, pump and devices."""
