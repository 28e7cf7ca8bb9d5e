"""What patients are told, written with the act it tells of and posted later."""
