"""Types that users put beside Generic Initiators; every dialect has them."""
