"""The lists a clinic begins with, by purpose and drug; every one may be replaced by a version of the clinic's own.

The keys of what is asked before leaving begin with `leaving_`: an answer given in the morning ticks nothing at noon.
"""

from collections.abc import Mapping
from typing import Any

from scheduler.models import Purpose
from scheduler.sessions.leaving import forms
from scheduler.sessions.leaving.discharging import Finding
from scheduler.sessions.leaving.shipped_forms import MONITORING
from scheduler.sessions.visit.checklists import Checklist, Item, Kind, Rule, as_document

KETAMINE, ESKETAMINE = "ketamine", "esketamine"
LEAVING = "leaving_"

PRACTICE = (
    "The consensus statement on ketamine in mood disorders (Sanacora G et al. JAMA Psychiatry 2017;74:399-405), whose"
    " eight areas each have items here, and common practice of infusion clinics. The wording is the house's own."
)
FASTING_SOURCE = "Nothing solid for 6 hours and no clear liquids for 2: the fasting guideline of the ASA."
LABEL = (
    "The label of esketamine nasal spray (no food for 2 hours, no liquids for 30 minutes, blood pressure before the"
    " dose) and the certified setting its safety programme asks for."
)

IDENTITY = Item(
    "identity", "Identity, by two identifiers", Kind.PARTS,
    parts=("name", "birth_date", "record_number", "photograph"), least=2,
)  # fmt: skip
CONSENT = Item("consent", "Signed consent that names the off-label use", rule=Rule.CONSENT)
SELECTION = Item("selection", "Indication, severity and previous treatments are on record")
CONTRAINDICATION = Item(
    "contraindication",
    "A new contraindication: heart or vessels, raised pressure in head or eye, liver, psychosis, mania, pregnancy",
    rule=Rule.MUST_BE_NO,
)
ESCORT = Item("escort", "The adult who takes the patient home", Kind.CONTACT, Rule.RECORDED)
RIDE = Item("ride", "The ride home is confirmed, and the patient does not drive")
PREGNANCY = Item(
    "pregnancy_test", "Pregnancy test, where one applies", Kind.DATED, Rule.DATED, if_applicable=True,
    parts=("negative", "positive"), accepted="negative", days=7,
)  # fmt: skip
MEDICATION = Item("medication", "Changes of medication since the last visit, or none", Kind.TEXT, Rule.RECORDED)
SEDATIVES = Item(
    "sedatives", "Last benzodiazepine, opioid or stimulant: which, how much and when, or none", Kind.TEXT, Rule.RECORDED
)
SUBSTANCES = Item("substance_use", "Alcohol or drugs since the last visit", rule=Rule.FLAGGED)
URINE = Item(
    "urine_screen", "Urine drug screen, where one was ordered", Kind.DATED, Rule.DATED, if_applicable=True,
    parts=("as_expected", "unexpected"), accepted="as_expected", days=7,
)  # fmt: skip
SCORES = Item("phq9", "PHQ-9 before the dose; the C-SSRS where its item 9 is positive", rule=Rule.ASSESSMENT)
SYMPTOMS = (
    Item("urinary_symptoms", "New urinary symptoms: frequency, pain, blood", rule=Rule.FLAGGED),
    Item("cognitive_symptoms", "New trouble with memory or attention", rule=Rule.FLAGGED),
    Item("mood_elevation", "Elevated mood since the last visit", rule=Rule.FLAGGED),
)
ALLERGIES = Item("allergies", "Allergies asked and compared with the record")
EQUIPMENT = Item(
    "equipment", "Checked today", Kind.PARTS,
    parts=("monitoring", "oxygen", "airway_equipment", "emergency_drugs", "transfer_plan"),
)  # fmt: skip
STAFF = Item(
    "staff", "On site", Kind.PARTS,
    parts=("prescriber", "acls_certified_clinician", "behavioural_emergencies", "rapid_follow_up_named"),
)  # fmt: skip
CRITERIA = Item("stop_criteria", "Whoever gives the drug knows when not to start and when to stop")
FALLS = Item("fall_risk", "Fall risk", Kind.CHOICE, Rule.RECORDED, parts=("low", "raised"))

KETAMINE_CLEARANCE = Checklist(
    (
        IDENTITY, CONSENT, SELECTION, CONTRAINDICATION,
        Item("order", "The order was read: drug, weight, dose, minutes, dates", rule=Rule.ORDER),
        Item("weight", "Weight today in kg", Kind.NUMBER, Rule.WEIGHT),
        Item("fasting", "Last solid food and last clear liquid", Kind.FASTING, Rule.FASTING,
             solid_minutes=360, liquid_minutes=120),
        ESCORT, RIDE, PREGNANCY,
        Item("baseline", "Baseline vitals are acceptable for a dose", rule=Rule.VITALS),
        MEDICATION, SEDATIVES, SUBSTANCES, URINE, SCORES, *SYMPTOMS, ALLERGIES,
        Item("iv_access", "IV site and gauge", Kind.TEXT, Rule.RECORDED),
        Item("pump", "Chair and pump are ready"),
        EQUIPMENT, STAFF, CRITERIA, FALLS,
    ),
    source=f"{PRACTICE} {FASTING_SOURCE}",
)  # fmt: skip

ESKETAMINE_CLEARANCE = Checklist(
    (
        IDENTITY, CONSENT, CONTRAINDICATION,
        Item("order", "The order was read: drug, dose, devices, dates", rule=Rule.ORDER),
        Item("enrolment", "The patient is enrolled in the safety programme"),
        Item("setting", "In place, as the programme asks", Kind.PARTS,
             parts=("certified_setting", "prescriber_on_site", "observer_on_site", "pulse_oximeter")),
        Item("fasting", "Last food and last liquid", Kind.FASTING, Rule.FASTING,
             solid_minutes=120, liquid_minutes=30),
        ESCORT, RIDE, PREGNANCY,
        Item("baseline", "Blood pressure and the other baseline vitals are acceptable for a dose", rule=Rule.VITALS),
        Item("concomitants", "Taken beside it", Kind.PARTS, Rule.RECORDED,
             parts=("benzodiazepines", "sedative_hypnotics", "psychostimulants", "maois", "opioids")),
        MEDICATION, SUBSTANCES, SCORES, *SYMPTOMS, ALLERGIES,
        Item("devices", "Number, lot and expiry of the devices were checked"),
        EQUIPMENT, FALLS,
    ),
    source=f"{LABEL} {PRACTICE}",
)  # fmt: skip

SAFETY_ON_LEAVING = (
    Item("leaving_safety", "No concern for safety, and the suicide check is done"),
    Item("leaving_cssrs", "The finding of the C-SSRS, where item 9 of the PHQ-9 was positive", Kind.CHOICE,
         Rule.RECORDED, blocking=False, parts=tuple(Finding)),
    Item("leaving_disposition", "A prescriber's word on how to go on, where the risk of suicide is grave", Kind.TEXT,
         Rule.RECORDED, blocking=False),
)  # fmt: skip
"""May be answered whatever a clinic's own list asks: a positive item 9 waits for it. No other visit does."""
ON_LEAVING = (
    Item("leaving_oriented", "Oriented to person, place and time, and steady on their feet"),
    Item("leaving_dissociation", "Dissociation is back to what it was before"),
    Item("leaving_nausea", "Nausea is none or slight"),
    *SAFETY_ON_LEAVING,
    Item("leaving_escort", "The adult who is here to take the patient home", Kind.CONTACT, Rule.RECORDED),
    Item("leaving_ride", "How they get home", Kind.TEXT, Rule.RECORDED),
    Item("leaving_instructions", "Given in writing", Kind.PARTS,
         parts=("no_driving_until_rested", "no_important_decisions", "no_alcohol_or_sedatives_24_h")),
    Item("leaving_fall_risk", "Fall risk was looked at once more"),
    Item("leaving_follow_up", "The next contact is arranged, or the patient knows whom to call"),
)  # fmt: skip
KETAMINE_DISCHARGE = Checklist(
    ON_LEAVING,
    source=f"{PRACTICE} Release only after full recovery and with a responsible adult: the label of ketamine.",
)
ESKETAMINE_DISCHARGE = Checklist(
    (
        *ON_LEAVING,
        Item("leaving_sedation_seen", "Sedation was seen during the observation", rule=Rule.RECORDED),
        Item("leaving_dissociation_seen", "Dissociation was seen during the observation", rule=Rule.RECORDED),
        Item("leaving_would_be_ready", "Minutes after which the patient would have been ready without the two hours",
             Kind.NUMBER, Rule.RECORDED),
    ),
    source=f"{LABEL} The last three are asked by its monitoring form. {PRACTICE}",
)  # fmt: skip

SHIPPED: Mapping[tuple[Purpose, str], dict[str, Any]] = {
    (Purpose.CLEARANCE, KETAMINE): as_document(KETAMINE_CLEARANCE),
    (Purpose.DISCHARGE, KETAMINE): as_document(KETAMINE_DISCHARGE),
    (Purpose.CLEARANCE, ESKETAMINE): as_document(ESKETAMINE_CLEARANCE),
    (Purpose.DISCHARGE, ESKETAMINE): as_document(ESKETAMINE_DISCHARGE),
    (Purpose.MONITORING_FORM, ESKETAMINE): forms.as_document(MONITORING),
}
"""As the database keeps them."""
