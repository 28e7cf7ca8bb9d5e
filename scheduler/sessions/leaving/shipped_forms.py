"""The monitoring form a clinic begins with: the fields of the esketamine programme's form of November 2021, by names
of the house. The programme changes its form; a clinic follows with a version of its own.
"""

from scheduler.sessions.leaving.forms import CONCOMITANTS, FieldKind, Form, FormField

YES_NO, NUMBER = FieldKind.YES_NO, FieldKind.NUMBER
TAKEN = {
    "benzodiazepines": "Takes a benzodiazepine",
    "sedative_hypnotics": "Takes another sedative or hypnotic",
    "psychostimulants": "Takes a psychostimulant",
    "maois": "Takes a monoamine oxidase inhibitor",
}

MONITORING = Form(
    (
        FormField("given_name", "First name", "patient.given_name"),
        FormField("middle_initial", "Middle initial", optional=True),
        FormField("family_name", "Last name", "patient.family_name"),
        FormField("birth_date", "Date of birth", "patient.birth_date"),
        FormField("sex", "Sex"),
        *(
            FormField(name, TAKEN[name], f"concomitants.{name}", YES_NO) for name in CONCOMITANTS if name in TAKEN
        ),
        FormField("clinician_name", "Who observed the patient", "clinician.name"),
        FormField("clinician_phone", "Their telephone number"),
        FormField("clinician_email", "Their e-mail address", "clinician.email"),
        FormField("setting_name", "Name of the setting", "clinic.name"),
        FormField("setting_address", "Address of the setting"),
        FormField("treatment_date", "Date of treatment", "treatment.date"),
        FormField("dose_mg", "Dose in mg", "treatment.dose_mg"),
        FormField("lot", "Lot number", "treatment.lots"),
        FormField("minutes", "Minutes from the first device to the end", "treatment.minutes", NUMBER),
        FormField(
            "would_be_ready_minutes", "Minutes after which the patient would have been ready without the two hours",
            "treatment.would_be_ready_minutes", NUMBER,
        ),
        FormField("acceptable_before", "Vitals acceptable before the dose", "vitals.acceptable_before", YES_NO),
        FormField(
            "acceptable_on_leaving", "Vitals acceptable before the end", "vitals.acceptable_on_leaving", YES_NO,
        ),
        FormField("pressure_before", "Blood pressure before the dose", "pressure.before"),
        FormField("pressure_at_40", "Blood pressure at 40 minutes", "pressure.at_40_minutes"),
        FormField("pressure_on_leaving", "Blood pressure at the end", "pressure.on_leaving"),
        FormField("sedation", "Sedation", "sedation.seen", YES_NO),
        FormField("sedation_onset", "Sedation: minutes to its onset", "sedation.onset_minutes", NUMBER, optional=True),
        FormField(
            "sedation_resolved", "Sedation: minutes until it was over", "sedation.resolved_minutes", NUMBER,
            optional=True,
        ),
        FormField("dissociation", "Dissociation", "dissociation.seen", YES_NO),
        FormField(
            "dissociation_onset", "Dissociation: minutes to its onset", "dissociation.onset_minutes", NUMBER,
            optional=True,
        ),
        FormField(
            "dissociation_resolved", "Dissociation: minutes until it was over", "dissociation.resolved_minutes", NUMBER,
            optional=True,
        ),
        FormField("serious_event", "Any serious adverse event", "serious_events.any", YES_NO),
        FormField("serious_event_codes", "Which serious adverse events", "serious_events.codes", optional=True),
    ),
    source="The monitoring form of the esketamine safety programme, November 2021. Onset, end and serious events were"
    " not seen in its text and are the house's own. A clinic compares it with the form in force before use.",
)  # fmt: skip
