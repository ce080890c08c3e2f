"""Section 2: who are the key accounts?"""
