"""Everything that is data: Table 2, the target, and what is particular to each corpus."""
