"""Section 5: are we on track, and did it work?"""
