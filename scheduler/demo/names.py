"""Invented patients. Whoever bears one of these names is not meant."""

from itertools import product
from random import Random

GIVEN = (
    "Aaliyah", "Adam", "Alejandro", "Alice", "Amara", "Andrew", "Anjali", "Ben", "Bianca", "Caleb", "Camila", "Carlos",
    "Chloe", "Claire", "Curtis", "Daniel", "Deborah", "Dmitri", "Elena", "Emeka", "Erin", "Fatima", "Gabriel", "Grace",
    "Hannah", "Hiro", "Ines", "Isaac", "Jasmine", "Jerome", "Joan", "Jonas", "Kavya", "Kenji", "Laila", "Liam", "Lucia",
    "Marcus", "Mei", "Monique", "Nadia", "Noah", "Olga", "Omar", "Paula", "Priya", "Rafael", "Rebecca", "Samuel",
    "Simone", "Tariq", "Teresa", "Thomas", "Valeria", "Victor", "Wanda", "Yusuf", "Zoe",
)  # fmt: skip
FAMILY = (
    "Abbott", "Adeyemi", "Ahmed", "Andersson", "Baptiste", "Becker", "Bianchi", "Brooks", "Calderon", "Castillo",
    "Chang", "Chavez", "Coleman", "Costa", "Dalton", "Desai", "Dubois", "Ellison", "Farouk", "Ferreira", "Fischer",
    "Flores", "Gallagher", "Greene", "Gupta", "Hanley", "Hassan", "Herrera", "Hughes", "Ibrahim", "Ivanova",
    "Jefferson", "Johansen", "Kapoor", "Kim", "Kowalski", "Larsen", "Lindqvist", "Mahoney", "Mbeki", "Mendez",
    "Morrow", "Nakamura", "Nguyen", "Novak", "Obi", "Ortega", "Park", "Patel", "Petrov", "Quinn", "Ramos", "Reyes",
    "Rossi", "Sandoval", "Sato", "Sorensen", "Sullivan", "Tanaka", "Thornton", "Vargas", "Walsh", "Whitfield",
    "Yamada", "Young", "Zhang",
)  # fmt: skip

Name = tuple[str, str]


def draw_names(rng: Random, count: int) -> list[Name]:
    """So many different pairs of a given and a family name."""
    return rng.sample(list(product(GIVEN, FAMILY)), count)
