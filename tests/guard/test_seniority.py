import pytest

from lead_conversion.guard.seniority import SENIORITIES, seniority_of


@pytest.mark.parametrize(
    ("title", "level"),
    [
        ("CEO", "c_level"),
        ("C.E.O.", "c_level"),
        ("Chief Learning Officer", "c_level"),
        ("President & CEO", "c_level"),
        ("Managing Director", "c_level"),
        ("Geschäftsführerin", "c_level"),
        ("Directeur Général", "c_level"),
        ("Vice President, Sales", "vp"),
        ("SVP Marketing", "vp"),
        ("Owner / CEO", "owner"),
        ("Co-Founder", "owner"),
        ("Dueña", "owner"),
        ("Managing Partner", "owner"),
        ("Director of Admissions", "director"),
        ("Head of HR", "director"),
        ("Abteilungsleiter", "director"),
        ("HR Manager", "manager"),
        ("Training Coordinator", "manager"),
        ("Tech Lead", "manager"),
        ("Responsable formation", "manager"),
        ("Marketing Intern", "intern"),
        ("Werkstudentin IT", "intern"),
        ("Teacher", "staff"),
        ("Lead Generation Specialist", "staff"),
        ("Executive Assistant to the CEO", "staff"),
        ("HR Business Partner", "staff"),
        ("International Sales", "staff"),
        (None, "unknown"),
        ("", "unknown"),
        ("N/A", "unknown"),
        ("123", "unknown"),
    ],
)
def test_a_title_has_the_level_of_its_highest_word(title, level):
    assert seniority_of(title) == level
    assert level in SENIORITIES
