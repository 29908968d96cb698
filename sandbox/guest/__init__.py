"""What a Linux guest makes of the tables: foretold, and seen in a real guest."""
