"""Which form is due when: what a protocol asks for, laid over the infusions of a course."""
