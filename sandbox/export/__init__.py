"""A scenario or its tables in the forms that other programs take; values in, text out."""
