"""Section 3: what are the accounts worth, and how do we stand with them?"""
