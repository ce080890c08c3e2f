"""Section 4: what shall we do for each account?"""
