"""Is a union set whole, and how does it differ from another one?"""
