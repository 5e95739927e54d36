"""Names and signatures of other packages, as thin layers over ours."""
