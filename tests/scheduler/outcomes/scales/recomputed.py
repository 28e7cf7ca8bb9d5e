"""Every scale's total, band and level once more, from the published rules and without the engine."""

THOUGHTS = {"phq9": (9, 1, 2), "qids_sr16": (12, 1, 2), "madrs": (10, 2, 4)}
"""Item, from which answer on somebody must look, from which one at once."""
UPPER_ENDS = {
    "phq9": {4: "minimal", 9: "mild", 14: "moderate", 19: "moderately_severe", 27: "severe"},
    "gad7": {4: "minimal", 9: "mild", 14: "moderate", 21: "severe"},
    "qids_sr16": {5: "none", 10: "mild", 15: "moderate", 20: "severe", 27: "very_severe"},
    "madrs": {6: "none", 19: "mild", 34: "moderate", 60: "severe"},
    "ybocs": {7: "subclinical", 15: "mild", 23: "moderate", 31: "severe", 40: "extreme"},
}


def total_and_band(key, form):
    """What a complete form makes."""
    if key == "cssrs_screener":
        return None, cssrs_level(form)
    if key == "mdq":
        return sum(form[:13]), mdq_level(form)
    total = qids_total(form) if key == "qids_sr16" else sum(form[:9] if key == "phq9" else form)
    return total, next((band for end, band in UPPER_ENDS.get(key, {}).items() if total <= end), None)


def qids_total(form):
    a = [None, *form]
    nine = [max(a[1:5]), a[5], max(a[6:10]), a[10], a[11], a[12], a[13], a[14], max(a[15:17])]
    assert all(0 <= domain <= 3 for domain in nine)
    return sum(nine)


def cssrs_level(form):
    q1, q2, q3, q4, q5, ever, recent = (answer == 1 for answer in form)
    if q4 or q5 or recent:
        return "high"
    if q3 or ever:
        return "moderate"
    if q1 or q2:
        return "low"
    return "none"


def mdq_level(form):
    return "positive" if sum(form[:13]) >= 7 and form[13] == 1 and form[14] in {2, 3} else "negative"


def warning(key, form):
    """`review`, `urgent` or None, whatever else the form holds."""
    if key == "cssrs_screener":
        return "urgent" if 1 in {form[3], form[4], form[6]} else "review" if 1 in form else None
    if key not in THOUGHTS:
        return None
    item, review, urgent = THOUGHTS[key]
    answer = form[item - 1]
    if answer is None or answer < review:
        return None
    return "urgent" if answer >= urgent else "review"
