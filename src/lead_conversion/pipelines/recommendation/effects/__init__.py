"""What each element does to the chance of a booked call, and how sure that is."""
