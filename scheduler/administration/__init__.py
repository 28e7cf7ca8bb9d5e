"""The administrator's work: clinics, hours, resources, shifts, protocols, settings, staff."""
