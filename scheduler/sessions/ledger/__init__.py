"""The controlled drugs: every amount that went in or out of a vial."""
