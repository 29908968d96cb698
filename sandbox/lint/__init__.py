"""What is wrong with a set-up, or with tables, before anything runs: rules with codes, and what they found."""
