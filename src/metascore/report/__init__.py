"""What people look at: figures, documents, the page. Draws what it is given, never computes."""
